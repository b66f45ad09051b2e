package resilient_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/llm"
)

// frugal answers every question and says how many tokens that took.
type frugal struct{ usage llm.Usage }

func (frugal) Model() string { return "frugal" }

func (f frugal) Generate(context.Context, llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) { yield(llm.Piece{Text: "yes", Usage: &f.usage}, nil) }
}

// TestCallsKeepToThePaceByTokens: of 6,000 tokens a minute, 100 are due in a second, and as many may be taken ahead. A question of
// 396 bytes is taken for 100 tokens; what it really took is made up for.
func TestCallsKeepToThePaceByTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		usage llm.Usage
		waits []time.Duration
	}{
		"as estimated":        {llm.Usage{InputTokens: 90, OutputTokens: 10}, []time.Duration{10 * time.Millisecond, time.Second}},
		"more than estimated": {llm.Usage{InputTokens: 190, OutputTokens: 10}, []time.Duration{1010 * time.Millisecond, 2 * time.Second}},
		"less than estimated": {llm.Usage{InputTokens: 40, OutputTokens: 10}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, waits := time.Now(), []time.Duration(nil)
			g := resilient.NewGenerator(frugal{c.usage}, &resilient.Options{
				TokensPerMinute: 6000, Now: func() time.Time { return now },
				Sleep: func(_ context.Context, d time.Duration) error {
					waits, now = append(waits, d), now.Add(d)
					return nil
				},
			})
			for range 3 {
				for _, err := range g.Generate(t.Context(), llm.Request{Messages: []llm.Message{{Text: strings.Repeat("x", 396)}}}) {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if name == "less than estimated" {
				if len(waits) > 1 {
					t.Errorf("waits %v", waits)
				}
				return
			}
			if diff := cmp.Diff(c.waits, waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}
