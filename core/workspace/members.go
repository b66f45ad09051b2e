package workspace

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
)

// Members returns the users with whom the workspace is shared, in the order of their ids. The actor needs the right to write:
// who else may read is nobody's business who may only read. Errors as in Writing.
func (s *Service) Members(ctx context.Context, a identity.Actor, id ID) ([]uuid.UUID, error) {
	w, err := s.store.Workspace(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := Writing(w, a); err != nil {
		return nil, err
	}
	return slices.Clone(w.Members), nil
}

// Delete is Archive for clients that know no other way to get rid of a workspace; the trail tells the two apart.
func (s *Service) Delete(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	return s.archive(ctx, a, id, "workspace.delete")
}

// archive takes a workspace out of use under the given name.
func (s *Service) archive(ctx context.Context, a identity.Actor, id ID, name string) (Workspace, error) {
	return s.change(ctx, a, id, name, func(w *Workspace) (any, error) {
		w.ArchivedAt = s.opts.Now()
		return nil, nil
	})
}
