package workspace_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func TestTheDecisionTable(t *testing.T) {
	t.Parallel()
	owner, member, ws, other := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	person := func(id uuid.UUID, r identity.Role) identity.Actor {
		return identity.Actor{Kind: identity.Person, User: id, Role: r}
	}
	service := func(limits ...uuid.UUID) identity.Actor {
		return identity.Actor{Kind: identity.ServiceActor, Key: "k", Workspaces: limits}
	}
	const no, read, write = "no", "read", "write"
	for _, c := range []struct {
		name                     string
		actor                    identity.Actor
		private, orgRead, shared string
	}{
		{"nobody", identity.Actor{}, no, no, no},
		{"anonymous", identity.Actor{Kind: identity.Anonymous}, no, no, no},
		{"a user without a role", person(member, ""), no, no, no},
		{"a user of an unknown role", person(member, "guest"), no, no, no},
		{"an employee without an id", person(uuid.Nil, identity.Employee), no, no, no},
		{"system", identity.System, write, write, write},
		{"an admin", person(uuid.New(), identity.Admin), write, write, write},
		{"the owner", person(owner, identity.Employee), write, write, write},
		{"a member", person(member, identity.Employee), no, read, read},
		{"another employee", person(uuid.New(), identity.Employee), no, read, no},
		{"a service", service(), write, write, write},
		{"a service limited to it", service(ws), write, write, write},
		{"a service limited to another", service(other), no, no, no},
	} {
		for visibility, want := range map[workspace.Visibility]string{
			workspace.Private: c.private, workspace.OrgRead: c.orgRead, workspace.Shared: c.shared,
		} {
			w := workspace.Workspace{ID: ws, Owner: owner, Visibility: visibility, Members: []uuid.UUID{member}}
			got := no
			if a := workspace.Decide(w, c.actor); a.Write && a.Read {
				got = write
			} else if a.Read {
				got = read
			}
			if got != want {
				t.Errorf("%s of a %s workspace: %s, want %s", c.name, visibility, got, want)
			}
		}
	}
}

func TestAWorkspaceWithoutOwnerBelongsToNoEmployee(t *testing.T) {
	t.Parallel()
	w := workspace.Workspace{ID: uuid.New(), Visibility: workspace.Private}
	if a := workspace.Decide(w, identity.Actor{Kind: identity.Person, Role: identity.Employee}); a.Read || a.Write {
		t.Errorf("Decide = %+v, want nothing", a)
	}
}

func TestAnArchivedWorkspaceIsAbsentForEverybody(t *testing.T) {
	t.Parallel()
	w := workspace.Workspace{ID: uuid.New(), ArchivedAt: time.Now()}
	if _, err := workspace.Reading(w, identity.System); !errors.Is(err, fault.NotFound) {
		t.Errorf("Reading = %v, want not found", err)
	}
}

func TestAScopeHidesDocumentsFromRolesThatAreNotAllowed(t *testing.T) {
	t.Parallel()
	user := uuid.New()
	w := workspace.Workspace{ID: uuid.New(), Visibility: workspace.OrgRead}
	employee, err := workspace.Reading(w, identity.Actor{Kind: identity.Person, User: user, Role: identity.Employee})
	if err != nil {
		t.Fatal(err)
	}
	adminOnly := []identity.Role{identity.Admin}
	for _, c := range []struct {
		name     string
		scope    workspace.Scope
		allowed  []identity.Role
		uploader uuid.UUID
		want     bool
	}{
		{"no restriction", employee, nil, uuid.Nil, true},
		{"role listed", employee, []identity.Role{identity.Employee}, uuid.Nil, true},
		{"role not listed", employee, adminOnly, uuid.New(), false},
		{"own upload", employee, adminOnly, user, true},
		{"the zero scope", workspace.Scope{}, adminOnly, uuid.Nil, false},
	} {
		if got := c.scope.Sees(c.allowed, c.uploader); got != c.want {
			t.Errorf("%s: Sees = %v, want %v", c.name, got, c.want)
		}
	}
}
