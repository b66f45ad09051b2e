package resilient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestADecoratedModelKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Embedder(t, func(*testing.T) llm.Embedder {
		return resilient.NewEmbedder(offline.NewEmbedder(), nil)
	}, coretest.Deterministic)
	coretest.Generator(t, func(*testing.T) llm.Generator {
		return resilient.NewGenerator(offline.NewGenerator(), nil)
	}, coretest.Deterministic)
}

func TestACallIsRepeatedOnlyWhenThatMayHelp(t *testing.T) {
	t.Parallel()
	auth, other := fault.Unavailable.Errorf("no").Because("provider_auth"), llm.Space{Dimension: 1}.Unfit(2)
	for _, c := range []struct {
		name  string
		steps []step
		want  error
		at    []time.Duration // when the model is called
		stats resilient.Stats
	}{
		{"success", []step{{}}, nil, []time.Duration{0}, resilient.Stats{Calls: 1, Answered: 1}},
		{
			"two failures",
			[]step{{err: down()}, {err: down()}, {}},
			nil,
			[]time.Duration{0, time.Second, 3 * time.Second},
			resilient.Stats{Calls: 1, Answered: 1, Unavailable: 2},
		},
		{
			"failures to the end",
			[]step{{err: down()}},
			fault.Unavailable,
			[]time.Duration{0, time.Second, 3 * time.Second},
			resilient.Stats{Calls: 1, Unavailable: 3},
		},
		{
			"the provider says when",
			[]step{{err: busy(7 * time.Second)}, {}},
			nil,
			[]time.Duration{0, 7 * time.Second},
			resilient.Stats{Calls: 1, Answered: 1, Busy: 1},
		},
		{"it wants too long", []step{{err: busy(time.Hour)}}, fault.Busy, []time.Duration{0}, resilient.Stats{Calls: 1, Busy: 1}},
		{"the request is wrong", []step{{err: errWrong}}, errWrong, []time.Duration{0}, resilient.Stats{Calls: 1, Rejected: 1}},
		{"forbidden", []step{{err: fault.Invalid.Errorf("no")}}, fault.Invalid, []time.Duration{0}, resilient.Stats{Calls: 1, Rejected: 1}},
		{"a wrong key", []step{{err: auth}}, fault.Unavailable, []time.Duration{0}, resilient.Stats{Calls: 1, Unavailable: 1}},
		{"another model", []step{{err: other}}, fault.Unavailable, []time.Duration{0}, resilient.Stats{Calls: 1, Rejected: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, start := &model{steps: c.steps}, time.Now()
				e := resilient.NewEmbedder(m, steady(resilient.Options{}))
				if err := embedOne(t.Context(), e); !errors.Is(err, c.want) {
					t.Errorf("Embed: %v, want %v", err, c.want)
				}
				if diff := cmp.Diff(c.at, m.at(start)); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.stats, e.Stats()); diff != "" {
					t.Errorf("Stats (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWaitsAreShortenedByChance(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	o := &resilient.Options{
		Attempts: 4, MaxWait: 3 * time.Second, Chance: func() float64 { return 0 },
		Sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
	}
	_ = embedOne(t.Context(), resilient.NewEmbedder(&model{steps: []step{{err: down()}}}, o)) // it fails, see above
	if diff := cmp.Diff([]time.Duration{500 * time.Millisecond, time.Second, 1500 * time.Millisecond}, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestOnlyTheRequestThatFailedIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{}, {err: down()}, {}}}
		vectors, err := resilient.NewEmbedder(m, nil).Embed(t.Context(), llm.ForDocument, []string{"a", "b", "c", "d", "e", "f", "g"})
		if err != nil || len(vectors) != 7 {
			t.Fatalf("Embed = %d vectors, %v", len(vectors), err)
		}
		if diff := cmp.Diff([]int{3, 3, 3, 1}, m.sizes); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestSilenceEndsAnAttemptAndLengthDoesNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{silent: time.Hour}, {says: []string{"a", "", "", "b"}, silent: 50 * time.Second}}}
		start := time.Now()
		text, err := say(t.Context(), resilient.NewGenerator(m, steady(resilient.Options{})))
		if err != nil || text != "ab" {
			t.Errorf("Generate = %q, %v, want ab", text, err)
		}
		if diff := cmp.Diff([]time.Duration{0, 61 * time.Second}, m.at(start)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		err = embedOne(t.Context(), resilient.NewEmbedder(&model{steps: []step{{silent: time.Hour}}}, nil))
		mustBe(t, err, fault.Unavailable, "provider_timeout")
		if errors.Is(err, context.Canceled) {
			t.Errorf("%v looks as if the caller had left", err)
		}
	})
}

func TestAStreamIsNotRepeatedAfterItsFirstWord(t *testing.T) {
	t.Parallel()
	for _, s := range []step{{says: []string{"a"}, err: down()}, {says: []string{"a"}, silent: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			m := &model{steps: []step{s}}
			text, err := say(t.Context(), resilient.NewGenerator(m, nil))
			if text != "a" || !errors.Is(err, fault.Unavailable) || len(m.calls) != 1 {
				t.Errorf("Generate = %q, %v after %d calls, want a, unavailable after 1", text, err, len(m.calls))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{says: []string{""}, err: down()}, {says: []string{"b"}}}} // a sign of life is no word
		if text, err := say(t.Context(), resilient.NewGenerator(m, nil)); text != "b" || err != nil {
			t.Errorf("Generate = %q, %v, want b", text, err)
		}
	})
}

func TestASlowReaderIsNotTakenForASilentProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := resilient.NewGenerator(&model{steps: []step{{says: []string{"a", "b"}}}}, nil)
		for _, err := range g.Generate(t.Context(), llm.Request{}) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		want := resilient.Stats{Calls: 1, Answered: 1, InputTokens: 10, OutputTokens: 2}
		if diff := cmp.Diff(want, g.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
}

func TestLeavingEndsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{says: []string{"a", "b"}, silent: time.Second}}}
		g := resilient.NewGenerator(m, &resilient.Options{Concurrency: 1})
		for range g.Generate(t.Context(), llm.Request{}) {
			break
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := say(ctx, g); !errors.Is(err, context.DeadlineExceeded) || fault.Of(err) != nil {
			t.Errorf("Generate: %v, want the context's error without a kind", err)
		}
		if s := g.Stats(); s.Cancelled != 2 || m.now != 0 {
			t.Errorf("%d calls run, Stats() = %+v, want two cancelled", m.now, s)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		e := resilient.NewEmbedder(&model{steps: []step{{err: busy(20 * time.Second)}}}, &resilient.Options{Attempts: 9})
		start := time.Now()
		if err := embedOne(ctx, e); !errors.Is(err, fault.Busy) || time.Since(start) > 41*time.Second {
			t.Errorf("Embed: %v after %s, want busy as soon as the next wait is longer than there is time", err, time.Since(start))
		}
	})
}

func TestRequestsKeepToThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, start := &model{steps: []step{{}}}, time.Now()
		e := resilient.NewEmbedder(m, &resilient.Options{PerMinute: 20, MaxWait: 9 * time.Second})
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for range 6 {
			wg.Go(func() {
				if err := embedOne(t.Context(), e); errors.Is(err, fault.Busy) && fault.Of(err).RetryAfter > 9*time.Second {
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff([]time.Duration{0, 3 * time.Second, 6 * time.Second, 9 * time.Second}, m.at(start)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if s := e.Stats(); s.Answered != 4 {
			t.Errorf("Stats() = %+v, want 4 answered", s)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{}}}
		e := resilient.NewEmbedder(m, &resilient.Options{PerMinute: 600})
		for range 100 {
			_ = embedOne(t.Context(), e) // counted below
		}
		if took := m.calls[99].Sub(m.calls[0]); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("100 requests at 600 a minute took %s", took)
		}
	})
}

func TestOneRefusalHoldsEverybodyBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, start := &model{steps: []step{{err: busy(5 * time.Second)}, {}}}, time.Now()
		e := resilient.NewEmbedder(m, steady(resilient.Options{Attempts: 1}))
		_ = embedOne(t.Context(), e) // which is refused
		if err := embedOne(t.Context(), e); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]time.Duration{0, 5 * time.Second}, m.at(start)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestThereAreOnlySoManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{silent: time.Second}}}
		e := resilient.NewEmbedder(m, &resilient.Options{Concurrency: 3})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := embedOne(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m.most != 3 {
			t.Errorf("%d calls at once, want 3", m.most)
		}
	})
}

func TestAProviderThatIsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{err: down()}, {err: down()}, {err: down()}, {silent: time.Second}}}
		e := resilient.NewEmbedder(m, steady(resilient.Options{Attempts: 2, BreakAfter: 2}))
		mustBe(t, embedOne(t.Context(), e), fault.Unavailable, "provider_error") // which opens it
		err := embedOne(t.Context(), e)
		mustBe(t, err, fault.Unavailable, "provider_down")
		if f := fault.Of(err); f.RetryAfter != 30*time.Second {
			t.Errorf("try again after %s, want 30s", f.RetryAfter)
		}
		time.Sleep(30 * time.Second)
		mustBe(t, embedOne(t.Context(), e), fault.Unavailable, "provider_error") // the one that tries fails, and is not repeated
		mustBe(t, embedOne(t.Context(), e), fault.Unavailable, "provider_down")
		time.Sleep(30 * time.Second)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := embedOne(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		mustBe(t, embedOne(t.Context(), e), fault.Unavailable, "provider_down") // while another tries
		wg.Wait()
		if err := embedOne(t.Context(), e); err != nil {
			t.Error(err)
		}
		want := resilient.Stats{Calls: 7, Answered: 2, Unavailable: 3, Refused: 4}
		if diff := cmp.Diff(want, e.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
}

func TestRefusedRequestsAndImpatientCallersDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &model{steps: []step{{err: errWrong}, {err: busy(0)}, {err: down()}, {err: errWrong}, {err: down()}, {silent: time.Minute}}}
		e := resilient.NewEmbedder(m, &resilient.Options{Attempts: 1, BreakAfter: 2})
		for range 5 {
			_ = embedOne(t.Context(), e) // see the steps
		}
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := embedOne(ctx, e); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Embed: %v, want the context's error", err)
			}
			cancel()
		}
		if s := e.Stats(); s.Refused != 0 || s.Cancelled != 3 {
			t.Errorf("Stats() = %+v, want none refused", s)
		}
	})
}

func TestAPanicOfTheReaderGivesEverythingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := resilient.NewGenerator(&model{steps: []step{{says: []string{"a"}}}}, &resilient.Options{Concurrency: 1})
		func() {
			defer func() { _ = recover() }()
			for range g.Generate(t.Context(), llm.Request{}) {
				panic("reader")
			}
		}()
		if text, err := say(t.Context(), g); text != "a" || err != nil {
			t.Errorf("Generate = %q, %v, want a", text, err)
		}
	})
}

func Example() {
	model := resilient.NewEmbedder(offline.NewEmbedder(), &resilient.Options{PerMinute: 6000, Attempts: 5})
	vectors, err := model.Embed(context.Background(), llm.ForQuery, []string{"Who books trains?"})
	fmt.Println(len(vectors), err, model.Stats().Answered)
	// Output: 1 <nil> 1
}
