package workspace

import (
	"slices"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Scope is what one actor may see of one workspace. Only this package makes one, after Decide said yes; the zero Scope
// sees nothing. Ports apply it inside their queries.
type Scope struct {
	workspace ID
	all       bool
	role      identity.Role
	user      uuid.UUID
}

// Reading returns the scope in which the actor reads w. fault.NotFound when w is archived, fault.Denied when the actor
// may not read it.
func Reading(w Workspace, a identity.Actor) (Scope, error) {
	if w.Archived() {
		return Scope{}, errNotFound()
	}
	if !Decide(w, a).Read {
		return Scope{}, fault.Denied.Errorf("you may not read this workspace")
	}
	return Scope{
		workspace: w.ID,
		all:       a.IsAdmin() || a.Kind == identity.ServiceActor,
		role:      a.Role,
		user:      a.User,
	}, nil
}

// Writing is Reading for actors who may also change the workspace. fault.Denied when they may only read.
func Writing(w Workspace, a identity.Actor) (Scope, error) {
	s, err := Reading(w, a)
	if err != nil {
		return Scope{}, err
	}
	if !Decide(w, a).Write {
		return Scope{}, fault.Denied.Errorf("you may read this workspace but not change it")
	}
	return s, nil
}

// Workspace is the one workspace that the scope is about.
func (s Scope) Workspace() ID { return s.workspace }

// SeesAll reports whether documents with allowed roles are visible whatever the roles are.
func (s Scope) SeesAll() bool { return s.all }

// Role is the reader's role, by which documents with allowed roles are visible.
func (s Scope) Role() identity.Role { return s.role }

// User is the reader; whoever uploaded a document sees it. Zero when the reader is no user.
func (s Scope) User() uuid.UUID { return s.user }

// Sees is the one rule of access to documents: whether a document with these allowed roles, uploaded by this user (zero
// for none), is visible in the scope. No allowed roles means that there is no restriction.
func (s Scope) Sees(allowed []identity.Role, uploader uuid.UUID) bool {
	return s.all || len(allowed) == 0 || slices.Contains(allowed, s.role) || uploader != uuid.Nil && uploader == s.user
}

func errNotFound() error { return fault.NotFound.Errorf("there is no such workspace") }
