package document

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// update is the signature of Store.Update.
type update func(ctx context.Context, s workspace.Scope, id ID, change func(d *Document) ([]event.Event, error)) (Document, error)

// updater is Store.Update, or with tree Store.UpdateTree, which hands metadata down to what came out of the document's file.
func (s *Service) updater(a identity.Actor, tree bool) update {
	if !tree {
		return s.ports.Store.Update
	}
	return func(ctx context.Context, scope workspace.Scope, id ID, change func(d *Document) ([]event.Event, error)) (Document, error) {
		type versions struct{ before, after Document }
		seen := map[ID]versions{}
		return s.ports.Store.UpdateTree(ctx, scope, id, func(d *Document) (events []event.Event, err error) {
			v := versions{before: *d}
			if around := seen[d.Parent]; d.ID == id {
				events, err = change(d)
			} else if inherit(d, around.before, around.after) {
				d.UpdatedAt = s.opts.Now()
				e := a.Event("document.update", d.UpdatedAt, map[string]any{"changed": []string{"metadata"}})
				events = []event.Event{recorded(e, *d)}
			}
			v.after = *d
			seen[d.ID] = v
			return events, err
		})
	}
}

// inherit hands a change of the document around d down to d, and reports whether it changed it. Metadata that was the same stays
// the same. Otherwise only the roles follow, and never so that d opens to more people than it had been opened to by itself: who
// may not see what is around it may not see d.
func inherit(d *Document, before, after Document) bool {
	if reflect.DeepEqual(d.Metadata, before.Metadata) {
		if reflect.DeepEqual(before.Metadata, after.Metadata) {
			return false
		}
		d.Metadata, d.Tags, d.AllowedRoles = maps.Clone(after.Metadata), after.Tags, after.AllowedRoles
		return true
	}
	roles := narrowed(d.AllowedRoles, before.AllowedRoles, after.AllowedRoles)
	if sameRoles(roles, d.AllowedRoles) {
		return false
	}
	d.Metadata = maps.Clone(d.Metadata)
	d.Metadata["allowed_roles"] = roles
	d.AllowedRoles = roles
	return true
}

// narrowed are the roles of a document when those of the one around it change from before to after; none are all.
func narrowed(roles, before, after []identity.Role) []identity.Role {
	if sameRoles(roles, before) {
		return after
	}
	if len(after) == 0 {
		return roles
	}
	var both []identity.Role
	for _, r := range roles {
		if slices.Contains(after, r) {
			both = append(both, r)
		}
	}
	if len(both) == 0 {
		return after
	}
	return both
}

func sameRoles(a, b []identity.Role) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// deleteTree deletes a document with all that came out of its file, at one time.
func (s *Service) deleteTree(ctx context.Context, a identity.Actor, scope workspace.Scope, id ID) error {
	now := s.opts.Now()
	_, err := s.ports.Store.UpdateTree(ctx, scope, id, func(d *Document) ([]event.Event, error) {
		if !d.DeletedAt.IsZero() {
			return nil, nil
		}
		return s.deleted(a, d, now), nil
	})
	return err
}

// restoreInsides takes back what was deleted together with a document. What can't be, because it is there again or gone for
// good, stays away.
func (s *Service) restoreInsides(ctx context.Context, a identity.Actor, ws workspace.ID, id ID, deletedAt time.Time) error {
	scope, err := s.workspaces.Reading(ctx, identity.System, ws)
	if err != nil {
		return err
	}
	q := Query{Parent: id, Deleted: true, Sort: OldestFirst, Limit: 100}
	for {
		docs, err := s.ports.Store.List(ctx, scope, q)
		if err != nil {
			return err
		}
		for _, d := range docs {
			q.After = Cursor{CreatedAt: d.CreatedAt, ID: d.ID}
			if !d.DeletedAt.Equal(deletedAt) {
				continue
			}
			_, err := s.ports.Store.Restore(ctx, scope, d.ID, func(d *Document) ([]event.Event, error) { return s.restored(a, d), nil })
			if errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := s.restoreInsides(ctx, a, ws, d.ID, deletedAt); err != nil {
				return err
			}
		}
		if len(docs) < q.Limit {
			return nil
		}
	}
}
