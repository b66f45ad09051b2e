package identity

import (
	"time"

	"github.com/google/uuid"
)

// User is a person who signs in.
type User struct {
	ID           uuid.UUID
	Email        string // trimmed and lower case; unique
	PasswordHash string
	Role         Role
	Active       bool
	TokenVersion int // raised to revoke all tokens issued so far
	CreatedAt    time.Time
}

// EmailDigest is what the trail has in place of an e-mail address that was signed in with: its SHA-256, in hex.
func (u User) EmailDigest() string { return digest(u.Email) }

// Key is an API key. The secret itself is never stored.
type Key struct {
	ID          uuid.UUID
	Name        string
	Hash        string // Hasher.Fingerprint of the secret
	Permissions []Permission
	Workspaces  []uuid.UUID // empty means all
	CreatedBy   string      // the actor
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero means never
	RevokedAt   time.Time // zero means it isn't
	LastUsedAt  time.Time // zero means never
}
