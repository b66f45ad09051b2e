package coretest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TestWorkspaces checks workspace.Store. open returns an empty store that is closed when the test ends.
func TestWorkspaces[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, []contentCheck{
		{"a created workspace comes back with its members", workspaceComesBack},
		{"an archived workspace comes back", archivedComesBack},
		{"an unknown workspace is not found", unknownWorkspace},
		{"a name is taken whatever the case, by archived ones too", workspaceNameTaken},
		{"of many who take a name at once one gets it", workspaceNameRace},
		{"two owners may use one name", workspaceNamePerOwner},
		{"an owner who is no user is an invalid field", workspaceUnknownOwner},
		{"the list is newest first, ties by id descending, in pages", workspacesInPages},
		{"a reader's list has what is theirs, published, or shared with them", workspacesOfReader},
		{"a list is limited to ids, an owner and what is in use", workspacesFiltered},
		{"a list has the members of each workspace", workspacesWithMembers},
		{"an update writes workspace, members and events", workspaceUpdate},
		{"a failing change is returned as it is and leaves no trace", workspaceChangeFails},
		{"an update to a taken name is a conflict and leaves no trace", workspaceUpdateTaken},
		{"a member who is no user is an invalid field and leaves no trace", workspaceUnknownMember},
		{"updates at once all count", workspaceUpdatesAtOnce},
		{"what a change does to the id has no effect", workspaceIDStays},
	})
}

func workspaceComesBack(t *testing.T, w *contentWorld) {
	a, b := w.user("a@example.com", identity.Employee), w.user("b@example.com", identity.Admin)
	want := w.draftWorkspace(`Bobby'; DROP TABLE "users" ?`, w.owner)
	want.Visibility, want.Members = workspace.Shared, []uuid.UUID{a.ID, b.ID}
	want.Retrieval = workspace.Retrieval{
		TopK: 7, Fusion: workspace.FusedRanks, DenseWeight: new(0.0), Diverse: new(true), Rerank: new(false), Guard: workspace.GuardExclude,
	}
	w.must(w.Workspaces().Create(w.ctx(), want, w.event("made")))
	got, err := w.Workspaces().Workspace(w.ctx(), want.ID)
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Workspace() differs (-want +got):\n%s", diff)
	}
	if n := w.count("made", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
}

func archivedComesBack(t *testing.T, w *contentWorld) {
	want := w.draftWorkspace("old", identity.User{})
	want.ArchivedAt = w.now.Add(time.Hour)
	w.must(w.Workspaces().Create(w.ctx(), want))
	got, err := w.Workspaces().Workspace(w.ctx(), want.ID)
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Workspace() differs (-want +got):\n%s", diff)
	}
}

func unknownWorkspace(_ *testing.T, w *contentWorld) {
	_, err := w.Workspaces().Workspace(w.ctx(), uuid.New())
	w.is("Workspace", err, fault.NotFound)
	_, err = w.Workspaces().Update(w.ctx(), uuid.New(), func(*workspace.Workspace) ([]event.Event, error) {
		return nil, errors.New("not reached")
	})
	w.is("Update", err, fault.NotFound)
}

func workspaceNameTaken(t *testing.T, w *contentWorld) {
	old := w.draftWorkspace("ÄRZTE", w.owner)
	old.ArchivedAt = w.now
	w.must(w.Workspaces().Create(w.ctx(), old))
	for _, name := range []string{"home", "ärzte"} {
		err := w.Workspaces().Create(w.ctx(), w.draftWorkspace(name, w.owner), w.event("made"))
		w.is("Create("+name+")", err, fault.Conflict)
	}
	if n := w.count("made", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func workspaceNameRace(t *testing.T, w *contentWorld) {
	errs := atOnce(10, func(int) error {
		return w.Workspaces().Create(w.ctx(), w.draftWorkspace("race", w.owner), w.event("made"))
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		w.is("Create", err, fault.Conflict)
	}
	if n := w.count("made", event.Pending); won != 1 || n != 1 {
		t.Errorf("%d took the name with %d events, want 1 and 1", won, n)
	}
}

func workspaceNamePerOwner(_ *testing.T, w *contentWorld) {
	w.must(w.Workspaces().Create(w.ctx(), w.draftWorkspace("Home", w.user("x@example.com", identity.Employee))))
}

func workspaceUnknownOwner(t *testing.T, w *contentWorld) {
	nobody := identity.User{ID: uuid.New()}
	err := w.Workspaces().Create(w.ctx(), w.draftWorkspace("x", nobody), w.event("made"))
	wantField(t, err, "owner_user_id")
	if n := w.count("made", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Field != field {
		t.Errorf("error %v, want an invalid field %s", err, field)
	}
}

func workspacesInPages(t *testing.T, w *contentWorld) {
	for i := range 7 {
		ws := w.draftWorkspace(fmt.Sprintf("w%d", i), w.owner)
		ws.CreatedAt = w.now.Add(time.Duration(i/3) * time.Microsecond) // three at a time
		w.must(w.Workspaces().Create(w.ctx(), ws))
	}
	all, err := w.Workspaces().List(w.ctx(), workspace.Filter{Limit: 100})
	w.must(err)
	if len(all) != 8 {
		t.Fatalf("List() has %d workspaces, want 8", len(all))
	}
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if a.CreatedAt.Before(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID.String() <= b.ID.String() {
			t.Errorf("List() has %v %v before %v %v", a.CreatedAt, a.ID, b.CreatedAt, b.ID)
		}
	}
	var paged []workspace.Workspace
	for after := (workspace.Position{}); ; {
		page, err := w.Workspaces().List(w.ctx(), workspace.Filter{After: after, Limit: 3})
		w.must(err)
		if paged = append(paged, page...); len(page) < 3 {
			break
		}
		after = workspace.Position{CreatedAt: page[2].CreatedAt, ID: page[2].ID}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("pages differ from the list (-list +pages):\n%s", diff)
	}
	counted, err := w.Workspaces().List(w.ctx(), workspace.Filter{Offset: 6, Limit: 3})
	w.must(err)
	if diff := cmp.Diff(all[6:], counted); diff != "" {
		t.Errorf("List(offset 6) differs (-want +got):\n%s", diff)
	}
	none, err := w.Workspaces().List(w.ctx(), workspace.Filter{})
	w.must(err)
	if len(none) != 0 {
		t.Errorf("List(at most 0) has %d workspaces", len(none))
	}
}

func workspacesOfReader(t *testing.T, w *contentWorld) {
	reader := w.user("reader@example.com", identity.Employee)
	add := func(name string, owner identity.User, v workspace.Visibility, members ...uuid.UUID) {
		ws := w.draftWorkspace(name, owner)
		ws.Visibility, ws.Members = v, members
		w.must(w.Workspaces().Create(w.ctx(), ws))
	}
	add("own", reader, workspace.Private)
	add("published", w.owner, workspace.OrgRead)
	add("shared", w.owner, workspace.Shared, w.owner.ID, reader.ID)
	add("shared with others", w.owner, workspace.Shared, w.owner.ID)
	add("private", w.owner, workspace.Private)
	add("private again", w.owner, workspace.Private, reader.ID) // was shared once
	add("of nobody", identity.User{}, workspace.Private)
	got, err := w.Workspaces().List(w.ctx(), workspace.Filter{Reader: reader.ID, Limit: 100})
	w.must(err)
	if diff := cmp.Diff([]string{"own", "published", "shared"}, namesOf(got)); diff != "" {
		t.Errorf("List(reader) differs (-want +got):\n%s", diff)
	}
	actor := identity.Actor{Kind: identity.Person, User: reader.ID, Role: identity.Employee}
	all, err := w.Workspaces().List(w.ctx(), workspace.Filter{Limit: 100})
	w.must(err)
	all = slices.DeleteFunc(all, func(ws workspace.Workspace) bool { return !workspace.Decide(ws, actor).Read })
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("List(reader) differs from workspace.Decide (-want +got):\n%s", diff)
	}
}

func namesOf(ws []workspace.Workspace) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = w.Name
	}
	slices.Sort(out)
	return out
}

func workspacesFiltered(t *testing.T, w *contentWorld) {
	other := w.user("other@example.com", identity.Employee)
	theirs := w.workspace("theirs", other)
	old := w.draftWorkspace("old", other)
	old.ArchivedAt = w.now
	w.must(w.Workspaces().Create(w.ctx(), old))
	for _, c := range []struct {
		f    workspace.Filter
		want []string
	}{
		{workspace.Filter{}, []string{"Home", "theirs"}},
		{workspace.Filter{Archived: true}, []string{"Home", "old", "theirs"}},
		{workspace.Filter{Owner: other.ID}, []string{"theirs"}},
		{workspace.Filter{Owner: other.ID, Archived: true}, []string{"old", "theirs"}},
		{workspace.Filter{IDs: []workspace.ID{theirs.ID, old.ID}}, []string{"theirs"}},
		{workspace.Filter{IDs: []workspace.ID{w.ws.ID}, Owner: other.ID}, []string{}},
		{workspace.Filter{IDs: []workspace.ID{theirs.ID}, Reader: w.owner.ID}, []string{}},
	} {
		c.f.Limit = 100
		got, err := w.Workspaces().List(w.ctx(), c.f)
		w.must(err)
		if diff := cmp.Diff(c.want, namesOf(got)); diff != "" {
			t.Errorf("List(%+v) differs (-want +got):\n%s", c.f, diff)
		}
	}
}

func workspacesWithMembers(t *testing.T, w *contentWorld) {
	ws := w.draftWorkspace("shared", w.owner)
	ws.Visibility, ws.Members = workspace.Shared, []uuid.UUID{w.owner.ID}
	w.must(w.Workspaces().Create(w.ctx(), ws))
	got, err := w.Workspaces().List(w.ctx(), workspace.Filter{Limit: 2})
	w.must(err)
	if diff := cmp.Diff([]workspace.Workspace{ws, w.ws}, got); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
}

func workspaceUpdate(t *testing.T, w *contentWorld) {
	a, b := w.user("a@example.com", identity.Employee), w.user("b@example.com", identity.Employee)
	var want workspace.Workspace
	for _, members := range [][]uuid.UUID{{a.ID}, {a.ID, b.ID}, {b.ID}, nil} {
		got, err := w.Workspaces().Update(w.ctx(), w.ws.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
			ws.Name, ws.Visibility, ws.Members = "New", workspace.Shared, slices.Concat(members, members)
			ws.UpdatedAt = ws.UpdatedAt.Add(time.Second)
			want = *ws
			return []event.Event{w.event("changed")}, nil
		})
		w.must(err)
		want.Members = members
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Update() differs (-want +got):\n%s", diff)
		}
		stored, err := w.Workspaces().Workspace(w.ctx(), w.ws.ID)
		w.must(err)
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("Workspace() differs (-want +got):\n%s", diff)
		}
	}
	if n := w.count("changed", event.Pending); n != 4 {
		t.Errorf("%d events were written, want 4", n)
	}
}

// unchangedWorkspace checks that a workspace is as it was and no event "changed" was written.
func (w *contentWorld) unchangedWorkspace(want workspace.Workspace) {
	w.t.Helper()
	got, err := w.Workspaces().Workspace(w.ctx(), want.ID)
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the workspace was changed (-want +got):\n%s", diff)
	}
	if n := w.count("changed", event.Pending); n != 0 {
		w.t.Errorf("%d events were written, want none", n)
	}
}

func workspaceChangeFails(t *testing.T, w *contentWorld) {
	cause := errors.New("no")
	_, err := w.Workspaces().Update(w.ctx(), w.ws.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
		ws.Name, ws.Members = "other", []uuid.UUID{w.owner.ID}
		return []event.Event{w.event("changed")}, cause
	})
	if err != cause { //nolint:errorlint // as it is
		t.Errorf("Update() returned %v, want the error of the change as it is", err)
	}
	w.unchangedWorkspace(w.ws)
}

func workspaceUpdateTaken(_ *testing.T, w *contentWorld) {
	other := w.workspace("other", w.owner)
	_, err := w.Workspaces().Update(w.ctx(), other.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
		ws.Name = "HOME"
		return []event.Event{w.event("changed")}, nil
	})
	w.is("Update", err, fault.Conflict)
	w.unchangedWorkspace(other)
}

func workspaceUnknownMember(t *testing.T, w *contentWorld) {
	_, err := w.Workspaces().Update(w.ctx(), w.ws.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
		ws.Name, ws.Members = "other", []uuid.UUID{w.owner.ID, uuid.New()}
		return []event.Event{w.event("changed")}, nil
	})
	wantField(t, err, "user_ids")
	w.unchangedWorkspace(w.ws)
}

func workspaceUpdatesAtOnce(t *testing.T, w *contentWorld) {
	errs := atOnce(20, func(int) error {
		_, err := w.Workspaces().Update(w.ctx(), w.ws.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
			ws.Description += "."
			return []event.Event{w.event("changed")}, nil
		})
		return err
	})
	w.must(errors.Join(errs...))
	got, err := w.Workspaces().Workspace(w.ctx(), w.ws.ID)
	w.must(err)
	if n, events := len(got.Description)-len(w.ws.Description), w.count("changed", event.Pending); n != 20 || events != 20 {
		t.Errorf("%d updates with %d events count, want 20 and 20", n, events)
	}
}

func workspaceIDStays(t *testing.T, w *contentWorld) {
	got, err := w.Workspaces().Update(w.ctx(), w.ws.ID, func(ws *workspace.Workspace) ([]event.Event, error) {
		ws.ID = uuid.New()
		return nil, nil
	})
	w.must(err)
	if diff := cmp.Diff(w.ws, got); diff != "" {
		t.Errorf("Update() differs (-want +got):\n%s", diff)
	}
}
