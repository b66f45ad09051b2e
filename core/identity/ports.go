package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// Users keeps the users. It is safe for concurrent use.
type Users interface {
	// Create adds a user and writes the events with it. fault.Conflict when the e-mail address is taken.
	Create(ctx context.Context, u User, events ...event.Event) error
	// User returns one user. fault.NotFound when there is none.
	User(ctx context.Context, id uuid.UUID) (User, error)
	// ByEmail returns the user with a normalised e-mail address. fault.NotFound when there is none.
	ByEmail(ctx context.Context, email string) (User, error)
	// List returns users, newest first, ties by id descending.
	List(ctx context.Context, p Page) ([]User, error)
	// Update reads a user, lets change decide, and writes user and events in one transaction. An error of change is
	// returned as it is and leaves no trace. change must not call any port. others says how many active admins there are
	// besides this user, read in the same transaction.
	Update(ctx context.Context, id uuid.UUID, change func(u *User, others int) ([]event.Event, error)) (User, error)
	// Delete reads a user and what hangs on them, lets decide, and in the same transaction removes the user, the API keys that
	// they made, the memberships, the requests that were done once under a key, and the conversations of the user and of those keys with the feedback; the trail
	// loses their e-mail address, its digest and the network addresses that they came from; records of the answers lose
	// who asked and all words, and documents who uploaded them. An error of decide is returned as it is and leaves no trace.
	// decide must not call any port. fault.NotFound when there is no such user.
	Delete(ctx context.Context, id uuid.UUID, decide func(Leaving) ([]event.Event, error)) error
}

// Leaving is a user who is to be deleted.
type Leaving struct {
	User       User
	Others     int // active admins besides this user
	Workspaces int // that they own, without those that are archived
}

// Page is a part of a list.
type Page struct {
	Limit  int // at most this many; 0 means none
	Offset int // how many to pass over
}

// Keys keeps the API keys, hashed. It is safe for concurrent use.
type Keys interface {
	// Create adds a key and writes the events with it.
	Create(ctx context.Context, k Key, events ...event.Event) error
	// ByHash returns the key with the hash. fault.NotFound when there is none.
	ByHash(ctx context.Context, hash string) (Key, error)
	// List returns all keys, newest first, ties by id descending.
	List(ctx context.Context) ([]Key, error)
	// Revoke marks a key as revoked and removes the requests that it has done once; revoking twice is no error. fault.NotFound when there is none.
	Revoke(ctx context.Context, id uuid.UUID, at time.Time, events ...event.Event) error
	// Touch notes that a key was used. It may be called with a time that is older than the one noted.
	Touch(ctx context.Context, id uuid.UUID, at time.Time) error
}

// Tokens makes and checks the access tokens of sessions. It is safe for concurrent use.
type Tokens interface {
	// Issue makes a token for claims, valid for their whole life.
	Issue(c Claims) (string, error)
	// Verify returns the claims of a token that is genuine and alive at the given time. fault.Unauthenticated otherwise.
	Verify(token string, now time.Time) (Claims, error)
}

// Claims is what an access token says.
type Claims struct {
	User     uuid.UUID
	Email    string
	Role     Role
	Version  int // User.TokenVersion when it was issued; an older one is revoked
	IssuedAt time.Time
	Expires  time.Time
}

// Hasher hashes secrets. It is safe for concurrent use and bounds how many hashes are computed at once.
type Hasher interface {
	// Hash returns a salted, slow hash of a password.
	Hash(ctx context.Context, password string) (string, error)
	// Matches reports whether the password is the hashed one. An empty or malformed hash never matches, after the same work.
	Matches(ctx context.Context, password, hash string) (bool, error)
	// Outdated reports whether a hash that matched is weaker than those which Hash makes now.
	Outdated(hash string) bool
	// Fingerprint returns a fast, unsalted hash of a high-entropy secret such as an API key, in hex.
	Fingerprint(secret string) string
}
