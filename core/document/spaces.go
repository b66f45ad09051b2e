package document

import (
	"context"
	"slices"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Filling is what StartFilling has started for a model.
type Filling struct {
	Space      llm.Space
	Chunks     int // without a vector
	Workspaces int // that they are in
}

// Spaces lists the embedding spaces by name, those of configured models included, which may hold nothing yet. The actor needs
// the permission identity.AdminConfig, as for all that concerns spaces.
func (s *Service) Spaces(ctx context.Context, a identity.Actor) ([]SpaceState, error) {
	if err := mayChangeSpaces(a); err != nil {
		return nil, err
	}
	list, err := s.ports.Spaces.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range s.ports.Models {
		space := m.Space()
		if slices.ContainsFunc(list, func(k SpaceState) bool { return k.Name == space.Name }) {
			continue
		}
		lacking, err := s.ports.Spaces.Lacking(ctx, space)
		if err != nil {
			return nil, err
		}
		k := SpaceState{Name: space.Name, Dimension: space.Dimension}
		for _, n := range lacking {
			k.Chunks, k.Lacking = k.Chunks+n, k.Lacking+n
		}
		list = append(list, k)
	}
	if !slices.ContainsFunc(list, func(k SpaceState) bool { return k.Serving }) {
		for i := range list {
			list[i].Serving = list[i].Name == s.ports.Models[0].Space().Name
		}
	}
	return list, nil
}

// StartFilling makes workers embed what lacks a vector in the space of a configured model, workspace by workspace, and says
// how much that is. Where it is going on already, nothing is started; what was given up is taken up anew.
func (s *Service) StartFilling(ctx context.Context, a identity.Actor) ([]Filling, error) {
	if err := mayChangeSpaces(a); err != nil {
		return nil, err
	}
	now := s.opts.Now()
	if _, err := s.ports.Backlog.Discard(ctx, event.Filter{Topic: TopicFill}, now); err != nil {
		return nil, err
	}
	var out []Filling
	for _, m := range s.ports.Models {
		lacking, err := s.ports.Spaces.Lacking(ctx, m.Space())
		if err != nil {
			return out, err
		}
		f := Filling{Space: m.Space(), Workspaces: len(lacking)}
		for ws, n := range lacking {
			f.Chunks += n
			e := a.Event("admin.space.fill", now, fillData{Space: f.Space.Name})
			if err := s.fillLater(ctx, e.In(ws, f.Space.Name), event.Pending, event.Leased); err != nil {
				return out, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// UseSpace makes searches look in this space from now on. fault.Conflict when a chunk has no vector in it, or no model is
// configured for it.
func (s *Service) UseSpace(ctx context.Context, a identity.Actor, name string) error {
	if err := mayChangeSpaces(a); err != nil {
		return err
	}
	m := s.modelOf(name)
	if m == nil {
		return fault.Conflict.Errorf("no model is configured for the embedding space %q", name).Because("space_without_model")
	}
	return s.ports.Spaces.Use(ctx, m.Space(), a.Event("admin.space.use", s.opts.Now(), map[string]any{"space": name}))
}

// RemoveSpace removes an embedding space with its vectors, and says how many there were. fault.NotFound when there is none of
// that name; fault.Conflict when searches look in it, or documents are still embedded into it.
func (s *Service) RemoveSpace(ctx context.Context, a identity.Actor, name string) (vectors int, err error) {
	if err := mayChangeSpaces(a); err != nil {
		return 0, err
	}
	if s.modelOf(name) != nil {
		return 0, fault.Conflict.Errorf("the model of the embedding space %q is still configured", name).Because("space_with_model")
	}
	if vectors, err = s.ports.Spaces.Remove(ctx, name); err != nil {
		return vectors, err
	}
	e := a.Event("admin.space.remove", s.opts.Now(), map[string]any{"space": name, "vectors": vectors})
	return vectors, s.ports.Events.Append(ctx, e)
}

// modelOf returns the configured model whose space has this name; nil when there is none.
func (s *Service) modelOf(space string) llm.Embedder {
	for _, m := range s.ports.Models {
		if m.Space().Name == space {
			return m
		}
	}
	return nil
}

// mayChangeSpaces allows what concerns all workspaces, so a service that is limited to some of them is refused.
func mayChangeSpaces(a identity.Actor) error {
	if !a.Can(identity.AdminConfig) || len(a.Workspaces) > 0 {
		return fault.Denied.Errorf("you may not change how documents are embedded")
	}
	return nil
}
