package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// comeBack is when somebody should try again who was refused because of the number of those who wait.
const comeBack = 10 * time.Second

const (
	saltBytes = 16
	keyBytes  = 32
)

// Argon2 is identity.Hasher by argon2id (RFC 9106) for passwords and SHA-256 for secrets that nobody can guess.
type Argon2 struct {
	cost  cost
	slots chan struct{}
	line  chan struct{} // those who wait, and those who compute
}

var _ identity.Hasher = (*Argon2)(nil)

// Argon2Options tunes the cost of new hashes. Existing ones are checked at the cost that stands in them.
type Argon2Options struct {
	Time       int // passes over the memory, 1 to 64. Defaults to 3
	Memory     int // KiB, from 8 for each thread to 1 GiB. Defaults to 65,536, which is 64 MiB
	Threads    int // 1 to 255. Defaults to 4
	Concurrent int // hashes that are computed at once; others wait. Each takes Memory. Defaults to half of the processors, 1 or 2
	Waiting    int // hashes that wait; more are refused. Defaults to 300
}

// NewArgon2 makes a hasher; nil options mean the defaults.
func NewArgon2(o *Argon2Options) (*Argon2, error) {
	if o == nil {
		o = &Argon2Options{}
	}
	c := cost{time: orDefault(o.Time, 3), memory: orDefault(o.Memory, 64<<10), threads: orDefault(o.Threads, 4)}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("argon2 options: %w", err)
	}
	concurrent := orDefault(o.Concurrent, min(2, max(1, runtime.GOMAXPROCS(0)/2)))
	waiting := orDefault(o.Waiting, 300)
	if concurrent < 0 || waiting < 0 {
		return nil, fmt.Errorf("argon2 options: concurrent and waiting must be positive")
	}
	return &Argon2{cost: c, slots: make(chan struct{}, concurrent), line: make(chan struct{}, concurrent+waiting)}, nil
}

// Hash returns the password's hash as a PHC string, with a salt of its own. It waits for a free slot until ctx ends.
// fault.Unavailable when too many wait.
func (a *Argon2) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it is documented never to return an error
	h := hash{cost: a.cost, salt: salt, key: make([]byte, keyBytes)}
	key, err := a.derive(ctx, password, h)
	if err != nil {
		return "", err
	}
	h.key = key
	return h.String(), nil
}

// Matches reports whether the password is the hashed one, in time that depends on the cost of the hash alone. An empty or
// malformed hash never matches and takes the time of a new one. It waits for a free slot until ctx ends.
// fault.Unavailable when too many wait.
func (a *Argon2) Matches(ctx context.Context, password, encoded string) (bool, error) {
	h, ok := parse(encoded)
	if !ok {
		h = hash{cost: a.cost, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
	}
	key, err := a.derive(ctx, password, h)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1 && ok, nil
}

// Outdated reports whether a hash takes less memory or fewer passes than a new one, or has a shorter salt or key. How many threads
// it was computed on makes it no weaker. A malformed hash is outdated too.
func (a *Argon2) Outdated(encoded string) bool {
	h, ok := parse(encoded)
	return !ok || h.cost.memory < a.cost.memory || h.cost.time < a.cost.time || len(h.salt) < saltBytes || len(h.key) < keyBytes
}

// Fingerprint returns the SHA-256 of the secret in hex.
func (a *Argon2) Fingerprint(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// derive computes the key of a password under the cost, salt and length of h.
func (a *Argon2) derive(ctx context.Context, password string, h hash) ([]byte, error) {
	if ctx.Err() != nil { // a free slot must not win over a context that has ended
		return nil, fmt.Errorf("hash a password: %w", context.Cause(ctx))
	}
	select {
	case a.line <- struct{}{}:
		defer func() { <-a.line }()
	default:
		return nil, fault.Unavailable.Errorf("too many people sign in at this moment; try again soon").Because("busy").After(comeBack)
	}
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
	defer a.leave()
	// The casts are safe: check bounds the cost, and parse the length of the key.
	c := h.cost
	return argon2.IDKey([]byte(password), h.salt, uint32(c.time), uint32(c.memory), uint8(c.threads), uint32(len(h.key))), nil
}

// leave frees a slot. The last one out gives the memory back to the system: it is more than all the rest of a small server
// takes, and nobody knows when the next password comes.
func (a *Argon2) leave() {
	<-a.slots
	if len(a.slots) == 0 {
		debug.FreeOSMemory()
	}
}

func orDefault(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}
