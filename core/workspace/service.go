package workspace

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Options are the settings of a Service; nil means defaults.
type Options struct {
	// Now tells the time. Defaults to time.Now in UTC.
	Now func() time.Time
	// MaxName is the longest name, in characters. Defaults to 200.
	MaxName int
	// MaxDescription is the longest description, in characters. Defaults to 1024.
	MaxDescription int
}

// Service holds the use cases of workspaces. It is safe for concurrent use.
type Service struct {
	store Store
	opts  Options
}

// New makes a Service.
func New(store Store, o *Options) *Service {
	s := &Service{store: store}
	if o != nil {
		s.opts = *o
	}
	if s.opts.Now == nil {
		s.opts.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if s.opts.MaxName <= 0 {
		s.opts.MaxName = 200
	}
	if s.opts.MaxDescription <= 0 {
		s.opts.MaxDescription = 1024
	}
	return s
}

// Draft describes a workspace that is to be made.
type Draft struct {
	Name        string
	Description string
	Owner       uuid.UUID // zero means the caller, when that is a user
}

// Create makes a private workspace. The actor needs the permission identity.AdminConfig. fault.Invalid on a blank or long
// name, fault.Conflict when the owner has one of that name.
func (s *Service) Create(ctx context.Context, a identity.Actor, d Draft) (Workspace, error) {
	if !a.Can(identity.AdminConfig) || len(a.Workspaces) > 0 { // a new one is outside of any limits
		return Workspace{}, fault.Denied.Errorf("you may not create workspaces")
	}
	name, err := s.name(d.Name)
	if err != nil {
		return Workspace{}, err
	}
	description, err := s.description(d.Description)
	if err != nil {
		return Workspace{}, err
	}
	now := s.opts.Now()
	w := Workspace{
		ID: uuid.Must(uuid.NewV7()), Name: name, Description: description, Visibility: Private,
		Answers: AnswersAnnotated, Owner: d.Owner, CreatedAt: now, UpdatedAt: now,
	}
	e := a.Event("workspace.create", now, map[string]any{"visibility": w.Visibility, "name": w.Name})
	if w.Owner == uuid.Nil {
		w.Owner = a.User
	} else if w.Owner != a.User {
		e = a.Event("admin.workspaces.create", now, map[string]any{"assigned_owner": w.Owner, "name": w.Name})
	}
	return w, s.store.Create(ctx, w, e.In(w.ID, w.ID.String()))
}

// Get returns a workspace that the actor may read. fault.NotFound when it is absent or archived, fault.Denied when the
// actor may not read it.
func (s *Service) Get(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	w, err := s.store.Workspace(ctx, id)
	if err != nil {
		return Workspace{}, err
	}
	_, err = Reading(w, a)
	return w, err
}

// Reading returns the scope in which the actor reads a workspace; errors as in Get.
func (s *Service) Reading(ctx context.Context, a identity.Actor, id ID) (Scope, error) {
	w, err := s.store.Workspace(ctx, id)
	if err != nil {
		return Scope{}, err
	}
	return Reading(w, a)
}

// Writing returns the scope of an actor who may also change the workspace; fault.Denied when they may only read it, other
// errors as in Get.
func (s *Service) Writing(ctx context.Context, a identity.Actor, id ID) (Scope, error) {
	w, err := s.store.Workspace(ctx, id)
	if err != nil {
		return Scope{}, err
	}
	return Writing(w, a)
}

// List returns the workspaces that the actor may read, newest first. For a user who is no admin f.Owner has no effect.
// fault.Denied when nobody is asking.
func (s *Service) List(ctx context.Context, a identity.Actor, f Filter) ([]Workspace, error) {
	switch {
	case a.IsAdmin():
	case a.Kind == identity.ServiceActor:
		f.IDs = a.Workspaces
	case a.Kind == identity.Person:
		f.Reader, f.Owner = a.User, uuid.Nil
	default:
		return nil, fault.Denied.Errorf("you may not list workspaces")
	}
	return s.store.List(ctx, f)
}

// Patch says what to change of a workspace; nil leaves a field as it is.
type Patch struct {
	Name        *string
	Description *string
	Answers     *AnswerPolicy
	Retrieval   *Retrieval // all of it: what isn't set in it is up to the service again
}

// Update changes name, description, the policy of answers and how the workspace is searched. As for all changes of a workspace, the actor needs the right to
// write, and a service the permission identity.AdminConfig.
func (s *Service) Update(ctx context.Context, a identity.Actor, id ID, p Patch) (Workspace, error) {
	if p == (Patch{}) {
		return Workspace{}, fault.Field("name", "or something else that can be changed must be given")
	}
	if p.Answers != nil && !slices.Contains(AnswerPolicies(), *p.Answers) {
		return Workspace{}, fault.Field("answer_policy", "must be strict, annotate or off")
	}
	if p.Retrieval != nil {
		if err := p.Retrieval.Check(); err != nil {
			return Workspace{}, err
		}
	}
	return s.change(ctx, a, id, "workspace.update", func(w *Workspace) (any, error) {
		var err error
		changed := []string{}
		if p.Name != nil {
			changed = append(changed, "name")
			if w.Name, err = s.name(*p.Name); err != nil {
				return nil, err
			}
		}
		if p.Description != nil {
			changed = append(changed, "description")
			if w.Description, err = s.description(*p.Description); err != nil {
				return nil, err
			}
		}
		if p.Answers != nil {
			changed = append(changed, "answer_policy")
			w.Answers = *p.Answers
		}
		if p.Retrieval != nil {
			changed = append(changed, "retrieval")
			w.Retrieval = *p.Retrieval
		}
		return map[string]any{"changed": changed}, nil
	})
}

// Publish lets every employee read the workspace.
func (s *Service) Publish(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	return s.change(ctx, a, id, "workspace.publish", func(w *Workspace) (any, error) {
		w.Visibility = OrgRead
		return nil, nil
	})
}

// Share lets exactly the given users read the workspace, besides its owner and admins.
func (s *Service) Share(ctx context.Context, a identity.Actor, id ID, users []uuid.UUID) (Workspace, error) {
	if len(users) == 0 {
		return Workspace{}, fault.Field("user_ids", "must not be empty")
	}
	members := distinct(users)
	return s.change(ctx, a, id, "workspace.share", func(w *Workspace) (any, error) {
		w.Visibility, w.Members = Shared, members
		return map[string]any{"user_ids": members}, nil
	})
}

// Unpublish makes the workspace private again and forgets its members.
func (s *Service) Unpublish(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	return s.change(ctx, a, id, "workspace.unpublish", func(w *Workspace) (any, error) {
		w.Visibility, w.Members = Private, nil
		return nil, nil
	})
}

// Archive takes the workspace out of use; it is as good as absent until Unarchive. Its documents stay as they are.
func (s *Service) Archive(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	return s.archive(ctx, a, id, "workspace.archive")
}

// Unarchive takes an archived workspace back into use; one in use is left as it is.
func (s *Service) Unarchive(ctx context.Context, a identity.Actor, id ID) (Workspace, error) {
	if err := mayChange(a); err != nil {
		return Workspace{}, err
	}
	return s.store.Update(ctx, id, func(w *Workspace) ([]event.Event, error) {
		if !Decide(*w, a).Write {
			return nil, errNotFound()
		}
		if !w.Archived() {
			return nil, nil
		}
		now := s.opts.Now()
		w.ArchivedAt, w.UpdatedAt = time.Time{}, now
		return []event.Event{a.Event("workspace.unarchive", now, nil).In(w.ID, w.ID.String())}, nil
	})
}

// change applies fn to a workspace that the actor may write, and records what fn says.
func (s *Service) change(
	ctx context.Context, a identity.Actor, id ID, name string, fn func(w *Workspace) (data any, err error),
) (Workspace, error) {
	if err := mayChange(a); err != nil {
		return Workspace{}, err
	}
	return s.store.Update(ctx, id, func(w *Workspace) ([]event.Event, error) {
		if _, err := Writing(*w, a); err != nil {
			return nil, err
		}
		data, err := fn(w)
		if err != nil {
			return nil, err
		}
		w.UpdatedAt = s.opts.Now()
		return []event.Event{a.Event(name, w.UpdatedAt, data).In(w.ID, w.ID.String())}, nil
	})
}

// mayChange keeps services that were made to write documents from changing workspaces.
func mayChange(a identity.Actor) error {
	if a.Kind == identity.ServiceActor && !a.Can(identity.AdminConfig) {
		return fault.Denied.Errorf("you may not change workspaces")
	}
	return nil
}

func (s *Service) name(raw string) (string, error) {
	name := strings.TrimSpace(raw)
	switch {
	case name == "":
		return "", fault.Field("name", "must not be blank")
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return "", fault.Field("name", "must be valid text")
	case utf8.RuneCountInString(name) > s.opts.MaxName:
		return "", fault.Field("name", "is too long")
	}
	return name, nil
}

func (s *Service) description(raw string) (string, error) {
	d := strings.TrimSpace(raw)
	switch {
	case !utf8.ValidString(d) || strings.ContainsRune(d, 0):
		return "", fault.Field("description", "must be valid text")
	case utf8.RuneCountInString(d) > s.opts.MaxDescription:
		return "", fault.Field("description", "is too long")
	}
	return d, nil
}

func distinct(ids []uuid.UUID) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(ids))
	out := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
