package workspace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// world is the use cases with some people and their workspaces. Its clock moves on with every reading.
type world struct {
	*workspace.Service

	t     *testing.T
	store *sqlstore.Store
	clock atomic.Int64

	admin, eva, max            identity.Actor
	own, theirs, org, shared   workspace.ID // the first belongs to eva, the others to max
	sharedWithOthers, archived workspace.ID // max's too
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", &sqlstore.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, store: store}
	w.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	w.Service = workspace.New(store.Workspaces(), &workspace.Options{Now: func() time.Time { return time.UnixMicro(w.clock.Add(1)).UTC() }})
	w.admin, w.eva, w.max = w.person("admin", identity.Admin), w.person("eva", identity.Employee), w.person("max", identity.Employee)
	w.own, w.theirs, w.org = w.make("own", w.eva), w.make("theirs", w.max), w.make("org", w.max)
	w.shared, w.sharedWithOthers, w.archived = w.make("shared", w.max), w.make("shared with others", w.max), w.make("archived", w.max)
	w.must(w.Publish(t.Context(), w.admin, w.org))
	w.must(w.Share(t.Context(), w.admin, w.shared, []uuid.UUID{w.eva.User}))
	w.must(w.Share(t.Context(), w.admin, w.sharedWithOthers, []uuid.UUID{w.admin.User}))
	w.must(w.Publish(t.Context(), w.admin, w.archived))
	w.must(w.Archive(t.Context(), w.admin, w.archived))
	return w
}

func (w *world) must(got workspace.Workspace, err error) workspace.Workspace {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) person(name string, r identity.Role) identity.Actor {
	w.t.Helper()
	u := identity.User{ID: uuid.New(), Email: name + "@example.org", Role: r, Active: true, CreatedAt: time.UnixMicro(w.clock.Load()).UTC()}
	if err := w.store.Users().Create(w.t.Context(), u); err != nil {
		w.t.Fatal(err)
	}
	return identity.Actor{Kind: identity.Person, User: u.ID, Role: r}
}

func (w *world) make(name string, owner identity.Actor) workspace.ID {
	w.t.Helper()
	return w.must(w.Create(w.t.Context(), w.admin, workspace.Draft{Name: name, Owner: owner.User})).ID
}

// names lists what an actor sees, newest first.
func (w *world) names(a identity.Actor, f workspace.Filter) []string {
	w.t.Helper()
	f.Limit = 100
	found, err := w.List(w.t.Context(), a, f)
	if err != nil {
		w.t.Fatalf("List = %v", err)
	}
	out := []string{}
	for _, ws := range found {
		out = append(out, ws.Name)
	}
	return out
}

func TestAListHasWhatTheActorMayReadWhateverTheyAskFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limited := identity.Actor{Kind: identity.ServiceActor, Key: "k", Workspaces: []uuid.UUID{w.theirs}}
	all := []string{"shared with others", "shared", "org", "theirs", "own"}
	for _, c := range []struct {
		name  string
		actor identity.Actor
		f     workspace.Filter
		want  []string
	}{
		{"an employee", w.eva, workspace.Filter{}, []string{"shared", "org", "own"}},
		{"an employee who names another owner", w.eva, workspace.Filter{Owner: w.max.User}, []string{"shared", "org", "own"}},
		{"an employee who names themselves", w.eva, workspace.Filter{Owner: w.eva.User}, []string{"shared", "org", "own"}},
		{"an employee with archived ones", w.eva, workspace.Filter{Archived: true}, []string{"archived", "shared", "org", "own"}},
		{"an employee who says who reads", w.eva, workspace.Filter{Reader: w.max.User}, []string{"shared", "org", "own"}},
		{"an admin", w.admin, workspace.Filter{}, all},
		{"an admin who names an owner", w.admin, workspace.Filter{Owner: w.eva.User}, []string{"own"}},
		{"an admin who names an owner without any", w.admin, workspace.Filter{Owner: w.admin.User}, []string{}},
		{"a service", identity.Actor{Kind: identity.ServiceActor, Key: "k"}, workspace.Filter{}, all},
		{"a limited service", limited, workspace.Filter{}, []string{"theirs"}},
		{"a limited service that names others", limited, workspace.Filter{IDs: []workspace.ID{w.own}}, []string{"theirs"}},
	} {
		if diff := cmp.Diff(c.want, w.names(c.actor, c.f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for _, nobody := range []identity.Actor{{}, {Kind: identity.Anonymous}} {
		if _, err := w.List(t.Context(), nobody, workspace.Filter{Limit: 1}); !errors.Is(err, fault.Denied) {
			t.Errorf("nobody's list = %v, want denied", err)
		}
	}
}

func TestAWorkspaceIsReadByThoseWhoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		actor identity.Actor
		id    workspace.ID
		want  error
	}{
		{"one's own", w.eva, w.own, nil},
		{"another's published one", w.eva, w.org, nil},
		{"another's private one", w.eva, w.theirs, fault.Denied},
		{"one shared with the reader", w.eva, w.shared, nil},
		{"one shared with others", w.eva, w.sharedWithOthers, fault.Denied},
		{"any, by an admin", w.admin, w.theirs, nil},
		{"any, by nobody", identity.Actor{}, w.org, fault.Denied},
		{"an archived one", w.eva, w.archived, fault.NotFound},
		{"an archived one, by its owner", w.max, w.archived, fault.NotFound},
		{"an archived one, by an admin", w.admin, w.archived, fault.NotFound},
		{"none", w.admin, uuid.New(), fault.NotFound},
	} {
		if got, err := w.Get(t.Context(), c.actor, c.id); !errors.Is(err, c.want) || err == nil && got.ID != c.id {
			t.Errorf("%s: Get = %v, %v, want %v", c.name, got.ID, err, c.want)
		}
		if _, err := w.Reading(t.Context(), c.actor, c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: Reading = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestWhoMayCreateWorkspacesGivesThemToAnybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.must(w.Create(t.Context(), w.admin, workspace.Draft{Name: "  Handbook ", Description: " for all "}))
	if got.Name != "Handbook" || got.Description != "for all" || got.Owner != w.admin.User || got.Visibility != workspace.Private {
		t.Errorf("Create = %+v, want a private one of the admin's", got)
	}
	if got := w.must(w.Create(t.Context(), w.admin, workspace.Draft{Name: "Handbook", Owner: w.eva.User})); got.Owner != w.eva.User {
		t.Errorf("Create for eva = %+v", got)
	}
	limited := identity.Actor{Kind: identity.ServiceActor, Key: "k", Permissions: []identity.Permission{identity.Everything}, Workspaces: []uuid.UUID{w.own}}
	for _, c := range []struct {
		name  string
		actor identity.Actor
		draft workspace.Draft
		want  error
	}{
		{"an employee for themselves", w.eva, workspace.Draft{Name: "x"}, fault.Denied},
		{"an employee for another", w.eva, workspace.Draft{Name: "x", Owner: w.max.User}, fault.Denied},
		{"nobody", identity.Actor{}, workspace.Draft{Name: "x"}, fault.Denied},
		{"a service without the permission", identity.Actor{Kind: identity.ServiceActor, Key: "k"}, workspace.Draft{Name: "x"}, fault.Denied},
		{"a service that is limited to some", limited, workspace.Draft{Name: "x"}, fault.Denied},
		{"a blank name", w.admin, workspace.Draft{Name: " "}, fault.Invalid},
		{"a name that is taken", w.admin, workspace.Draft{Name: "HANDBOOK"}, fault.Conflict},
		{"a name that an archived one has", w.admin, workspace.Draft{Name: "Archived", Owner: w.max.User}, fault.Conflict},
		{"an owner who is nobody", w.admin, workspace.Draft{Name: "x", Owner: uuid.New()}, fault.Invalid},
	} {
		if _, err := w.Create(t.Context(), c.actor, c.draft); !errors.Is(err, c.want) {
			t.Errorf("%s: Create = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAWorkspaceIsChangedByItsOwnerAndAdminsOnly(t *testing.T) {
	t.Parallel()
	name, taken, blank := "Other", "ORG", " "
	for change, do := range map[string]func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error){
		"update": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Update(w.t.Context(), a, id, workspace.Patch{Name: &name})
		},
		"publish": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Publish(w.t.Context(), a, id)
		},
		"unpublish": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Unpublish(w.t.Context(), a, id)
		},
		"share": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Share(w.t.Context(), a, id, []uuid.UUID{w.eva.User})
		},
		"archive": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Archive(w.t.Context(), a, id)
		},
		"delete": func(w *world, a identity.Actor, id workspace.ID) (workspace.Workspace, error) {
			return w.Delete(w.t.Context(), a, id)
		},
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, c := range []struct {
				name  string
				actor identity.Actor
				id    workspace.ID
				want  error
			}{
				{"a reader", w.eva, w.org, fault.Denied},
				{"a member", w.eva, w.shared, fault.Denied},
				{"a stranger", w.eva, w.theirs, fault.Denied},
				{"nobody", identity.Actor{}, w.org, fault.Denied},
				{"an admin of what is archived", w.admin, w.archived, fault.NotFound},
				{"its owner", w.max, w.theirs, nil},
				{"an admin", w.admin, w.own, nil},
			} {
				before := len(w.trail())
				if _, err := do(w, c.actor, c.id); !errors.Is(err, c.want) {
					t.Errorf("%s = %v, want %v", c.name, err, c.want)
				}
				if news := len(w.trail()) - before; (news == 1) != (c.want == nil) {
					t.Errorf("%s leaves %d records", c.name, news)
				}
			}
		})
	}
	w := newWorld(t)
	for what, p := range map[string]struct {
		patch workspace.Patch
		want  error
	}{
		"nothing": {workspace.Patch{}, fault.Invalid}, "a blank name": {workspace.Patch{Name: &blank}, fault.Invalid}, "a taken name": {workspace.Patch{Name: &taken}, fault.Conflict},
	} {
		if _, err := w.Update(t.Context(), w.max, w.theirs, p.patch); !errors.Is(err, p.want) {
			t.Errorf("Update with %s = %v, want %v", what, err, p.want)
		}
	}
	if _, err := w.Share(t.Context(), w.max, w.theirs, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("Share with nobody = %v, want invalid", err)
	}
}

// trail is every record so far, oldest first: what happened, to which workspace, with which details.
func (w *world) trail() []string {
	w.t.Helper()
	found, err := w.store.Trail().Find(w.t.Context(), audit.Query{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	out := make([]string, len(found))
	for i, e := range found {
		out[len(out)-1-i] = fmt.Sprintf("%s %s", e.Name, e.Data)
		if e.Workspace == uuid.Nil || e.Subject != e.Workspace.String() {
			w.t.Errorf("%s is about %s in %s", e.Name, e.Subject, e.Workspace)
		}
	}
	return out
}

func TestTheTrailSaysWhatWasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	description := "new"
	before := len(w.trail())
	made := w.must(w.Create(t.Context(), w.admin, workspace.Draft{Name: "Handbook"}))
	w.must(w.Create(t.Context(), w.admin, workspace.Draft{Name: "Handbook", Owner: w.eva.User}))
	w.must(w.Update(t.Context(), w.admin, made.ID, workspace.Patch{Description: &description}))
	w.must(w.Share(t.Context(), w.admin, made.ID, []uuid.UUID{w.eva.User, w.eva.User}))
	w.must(w.Archive(t.Context(), w.admin, made.ID))
	w.must(w.Unarchive(t.Context(), w.admin, made.ID))
	w.must(w.Unarchive(t.Context(), w.admin, made.ID)) // changes nothing
	eva, err := json.Marshal(w.eva.User)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`workspace.create {"name":"Handbook","visibility":"PRIVATE"}`,
		`admin.workspaces.create {"assigned_owner":` + string(eva) + `,"name":"Handbook"}`,
		`workspace.update {"changed":["description"]}`,
		`workspace.share {"user_ids":[` + string(eva) + `]}`,
		"workspace.archive {}", "workspace.unarchive {}",
	}
	if diff := cmp.Diff(want, w.trail()[before:]); diff != "" {
		t.Errorf("the trail (-want +got):\n%s", diff)
	}
}
