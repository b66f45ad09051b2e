package retrieval

import (
	"context"
	"slices"
	"sync"

	"github.com/ragcorp/ragcorp/core/guard"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Guard says what becomes of hits that look like prompt injection.
type Guard = workspace.Guard

// What may become of them. Except with GuardOff, hits carry what was found.
const (
	GuardOff      = workspace.GuardOff      // nobody looks
	GuardMark     = workspace.GuardMark     // they are told from the others
	GuardDownrank = workspace.GuardDownrank // they come after the others
	GuardExclude  = workspace.GuardExclude  // they are left out, and others take their places
)

// Guards lists all modes.
func Guards() []Guard { return workspace.Guards() }

// watchman judges hits and counts what it finds. Judging takes about a fifth of a millisecond per chunk, so that it is done when a
// chunk is found, and what is learnt about attacks holds for chunks of any age.
type watchman struct {
	detector *guard.Detector

	mu    sync.Mutex
	found map[guard.Pattern]int64
}

func newWatchman() *watchman {
	return &watchman{detector: guard.New(), found: map[guard.Pattern]int64{}}
}

// judge notes in a hit what is to be said about it. The title reaches the model too.
func (w *watchman) judge(h *Hit, threshold float64) {
	v := w.detector.Scan(h.Text)
	if title := w.detector.Scan(h.Title); title.Score > v.Score {
		v = title
	}
	h.Verdict, h.Suspicious = v, v.Score >= threshold
	if !h.Suspicious {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range v.Patterns {
		w.found[p]++
	}
}

// Suspects reports whether words of a caller look like prompt injection, by the same measure as passages. Nothing is counted, and
// nothing suspected where Options.Guard is GuardOff; a caller can't turn it off.
func (s *Service) Suspects(words string) bool {
	return s.opts.Guard != GuardOff && s.watchman.detector.Scan(words).Score >= s.opts.Risk
}

// Injections returns how many suspicious hits showed each pattern, since the service was made.
func (s *Service) Injections() map[guard.Pattern]int64 {
	out := map[guard.Pattern]int64{}
	s.watchman.mu.Lock()
	defer s.watchman.mu.Unlock()
	for _, p := range guard.Patterns() {
		out[p] = s.watchman.found[p]
	}
	return out
}

// admit reports whether the query takes a candidate that was fetched. Only GuardExclude must know that now: there may be many times
// as many candidates as hits, and judging one takes longer than finding it.
func (f *finder) admit(h *Hit) bool {
	if f.query.Guard != GuardExclude {
		return true
	}
	f.inspect(h)
	return !h.Suspicious
}

// inspect judges a candidate.
func (f *finder) inspect(h *Hit) {
	f.watchman.judge(h, f.opts.Risk)
	if h.Suspicious {
		f.trace.Suspicious++
	}
}

// guarded judges hits that nobody has judged yet, and does with suspicious ones what the query wants.
func (f *finder) guarded(hits []Hit) []Hit {
	from := f.opts.Now()
	if f.query.Guard == GuardMark || f.query.Guard == GuardDownrank {
		for i := range hits {
			f.inspect(&hits[i])
		}
	}
	if f.query.Guard == GuardDownrank {
		slices.SortStableFunc(hits, func(a, b Hit) int { return rankOf(a) - rankOf(b) })
	}
	f.trace.Guarding = f.opts.Now().Sub(from)
	return hits
}

// widest is how many candidates of an arm are read at most because phrases turn many of them away.
const widest = 10_000

// enough reports whether a wider window would find nothing more: all are there, or no arm had more to give. Only with
// GuardExclude or phrases can candidates be there and hits be missing.
func (f *finder) enough(hits []Hit) bool {
	full := len(f.trace.Lexical.Found) >= f.window || len(f.trace.Dense.Found) >= f.window
	if len(hits) >= f.query.K || !full {
		return true
	}
	excluded := f.query.Guard == GuardExclude && f.trace.Suspicious > 0
	return !excluded && (len(f.wording.phrases) == 0 || f.window >= widest)
}

// widen looks again, for more candidates.
func (f *finder) widen(ctx context.Context) ([]Hit, error) {
	f.window *= 4
	f.trace.Suspicious = 0
	return f.gather(ctx)
}

// rankOf puts suspicious hits last.
func rankOf(h Hit) int {
	if h.Suspicious {
		return 1
	}
	return 0
}
