// Package workspace decides who may see and change what. A workspace holds documents; its visibility, its owner and its
// members decide about the workspace as a whole, and a document's allowed roles about the document.
//
// The outcome of a decision for reading is a Scope. Every port that reads content takes one, so content that the actor
// may not see is never fetched. Archived workspaces are as good as absent, except in lists that ask for them.
package workspace

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
)

// ID identifies a workspace.
type ID = uuid.UUID

// Visibility says who besides the owner and admins can read a workspace.
type Visibility string

// The visibilities.
const (
	Private Visibility = "PRIVATE"  // nobody
	OrgRead Visibility = "ORG_READ" // every employee
	Shared  Visibility = "SHARED"   // the members
)

// AnswerPolicy says what becomes of what a model says without the documents saying it.
type AnswerPolicy string

// The policies.
const (
	AnswersStrict    AnswerPolicy = "strict"   // it is removed, and where nothing is left, the answer is refused
	AnswersAnnotated AnswerPolicy = "annotate" // it is shown, and reported to be unsupported
	AnswersUnchecked AnswerPolicy = "off"      // it is shown; only citations are checked
)

// AnswerPolicies lists them.
func AnswerPolicies() []AnswerPolicy {
	return []AnswerPolicy{AnswersStrict, AnswersAnnotated, AnswersUnchecked}
}

// Workspace is a set of documents with one rule of access.
type Workspace struct {
	ID          ID
	Name        string // unique for its owner, whatever the case, archived ones included
	Description string
	Visibility  Visibility
	Owner       uuid.UUID   // a user; zero when it has none
	Members     []uuid.UUID // users who can read while Visibility is Shared
	Answers     AnswerPolicy
	Retrieval   Retrieval
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  time.Time // zero while it is active
}

// Archived reports whether the workspace is archived.
func (w Workspace) Archived() bool { return !w.ArchivedAt.IsZero() }

// Access is what an actor may do with a workspace.
type Access struct {
	Read  bool // see the workspace, its documents, ask questions
	Write bool // add, change and delete documents, change the workspace and its members
}

// Decide is the one rule of access to workspaces.
//
// System and admins may do everything. An owner may do everything with their own. An employee may read what is ORG_READ,
// and what is SHARED with them. A service may read and write wherever its API key's limits let it; what kind of thing it
// may do at all is up to its permissions. Anybody else may do nothing.
func Decide(w Workspace, a identity.Actor) Access {
	full := Access{Read: true, Write: true}
	if a.IsAdmin() {
		return full
	}
	switch a.Kind {
	case identity.ServiceActor:
		if a.In(w.ID) {
			return full
		}
	case identity.Person:
		return decidePerson(w, a)
	case identity.Anonymous, identity.SystemActor:
	}
	return Access{}
}

func decidePerson(w Workspace, a identity.Actor) Access {
	switch {
	case a.User == uuid.Nil || a.Role == "":
		return Access{}
	case w.Owner != uuid.Nil && w.Owner == a.User:
		return Access{Read: true, Write: true}
	case a.Role != identity.Employee:
		return Access{}
	case w.Visibility == OrgRead:
		return Access{Read: true}
	case w.Visibility == Shared:
		return Access{Read: slices.Contains(w.Members, a.User)}
	}
	return Access{}
}
