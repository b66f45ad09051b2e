package retrieval

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// models are the models that queries can be embedded with. Which one's space serves is asked of the index once, and again when
// it says that another one does: each search checks that, in the transaction in which it looks.
type models struct {
	list    []llm.Embedder // the first one's space serves while none is marked
	serving atomic.Pointer[string]
}

// servingTries is how often a search may find that another space serves since it asked.
const servingTries = 8

// of returns the model of a space; nil when there is none.
func (m *models) of(space string) llm.Embedder {
	for _, e := range m.list {
		if space == "" || e.Space().Name == space {
			return e
		}
	}
	return nil
}

// known returns the space that served last; "" when none was marked, and when nobody has asked.
func (m *models) known() string {
	if name := m.serving.Load(); name != nil {
		return *name
	}
	return ""
}

// Served reports whether there is a model for the space in which searches look. fault.Unavailable when there is none, so that
// searches go by words alone.
func (s *Service) Served(ctx context.Context) error {
	space, err := s.index.Serving(ctx)
	if err == nil && s.models.of(space) == nil {
		err = unserved(space)
	}
	return err
}

func unserved(space string) error {
	return fault.Unavailable.Errorf("no model is configured for the embedding space %s, in which searches look", space).Because(ModelUnset)
}

// nearest looks up the query by meaning in the space that serves. Without the query's vector, nothing is found.
func (f *finder) nearest(ctx context.Context) ([]Scored, error) {
	for try := 1; ; try++ {
		if err := f.choose(ctx, try > 1); err != nil || f.vector == nil {
			return nil, err
		}
		from := f.opts.Now()
		found, err := f.index.Dense(ctx, f.scope, DenseQuery{
			Space: f.model.Space(), Vector: f.vector, Filter: f.query.Filter, K: f.window,
		})
		if errors.Is(err, ErrNotServing) && try < servingTries {
			continue
		}
		if unfit := fault.Of(err); unfit != nil && unfit.Reason == llm.ReasonDimension {
			f.model = nil // nothing can be compared with what is stored
			return nil, f.without(ctx, fault.Unavailable.Wrap(err, unfit.Text).Because(unfit.Reason))
		}
		if err != nil {
			return nil, fmt.Errorf("look up vectors: %w", err)
		}
		f.trace.Space, f.trace.Dense = f.model.Space().Name, Arm{Found: found, Took: f.opts.Now().Sub(from)}
		return found, nil
	}
}

// choose finds the model and makes the query's vector with it, unless it has one: a wider window needs no second one. Without an
// error there may be no vector, see without.
func (f *finder) choose(ctx context.Context, ask bool) error {
	space := f.models.known()
	if ask || f.models.of(space) == nil {
		var err error
		if space, err = f.index.Serving(ctx); err != nil {
			return fmt.Errorf("look up the embedding space: %w", err)
		}
		f.models.serving.Store(&space)
	}
	if model := f.models.of(space); model == nil || model.Space().Name != f.space().Name { // models needn't be comparable
		f.model, f.vector = model, nil
	}
	if f.model == nil {
		f.trace.Unserved = space
		return f.without(ctx, unserved(space))
	}
	if f.vector != nil {
		return nil
	}
	from := f.opts.Now()
	err := f.embed(ctx)
	f.trace.Embedding += f.opts.Now().Sub(from)
	if err != nil {
		return f.without(ctx, fmt.Errorf("embed the query: %w", err))
	}
	return nil
}

// embed makes the query's vector. A search that has words too doesn't wait for it for long.
func (f *finder) embed(ctx context.Context) error {
	if f.query.Arms != DenseArm {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.opts.EmbedTimeout)
		defer cancel()
	}
	vectors, err := f.model.Embed(ctx, llm.ForQuery, []string{f.wording.text})
	if err != nil {
		return err
	}
	if len(vectors) != 1 {
		return fmt.Errorf("the model returned %d vectors", len(vectors))
	}
	if s := f.space(); len(vectors[0]) != s.Dimension {
		return s.Unfit(len(vectors[0]))
	}
	f.vector = vectors[0]
	return nil
}

// without lets a search go on without looking by meaning, and the trace say why; whether there are words to go by instead shows when
// they are looked up. It returns the error where the end of ctx is the reason.
func (f *finder) without(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	f.vector, f.blind = nil, err
	f.trace.Space, f.trace.Dense = "", Arm{}
	f.lacks(StepDense, reasonOf(err), err)
	return nil
}

// space is the one in which the search by meaning looked; its zero value when there was none.
func (f *finder) space() llm.Space {
	if f.model == nil {
		return llm.Space{}
	}
	return f.model.Space()
}
