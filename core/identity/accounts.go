package identity

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Accounts is the use cases around users, sessions and API keys. It is safe for concurrent use.
type Accounts struct {
	users    Users
	keys     Keys
	tokens   Tokens
	hasher   Hasher
	log      event.Log
	o        Options
	throttle *throttle

	mu      sync.Mutex
	touched map[uuid.UUID]time.Time // when the use of a key was last noted; as long as the list of keys
}

// Options tunes Accounts. Its zero value is ready for use.
type Options struct {
	Now        func() time.Time // the clock. Defaults to time.Now
	TokenTTL   time.Duration    // life of an access token. Defaults to 30 minutes
	PerAccount Rate             // failed sign-ins to one account. Defaults to 10, then one a minute
	PerAddress Rate             // failed sign-ins from one network. Defaults to 50, then one every 10 seconds
	Remembered int              // how many accounts and networks the throttle keeps in mind. Defaults to 10,000
	StaticKeys []StaticKey      // API keys that stand in the configuration. Defaults to none
}

// StaticKey is an API key that stands in the configuration and not in the database. It has no expiry.
type StaticKey struct {
	ID          string // the first 12 hex digits of the secret's fingerprint; names the key in events
	Hash        string // as many hex digits of the fingerprint as the configuration knows: all of them, or the first 12
	Role        string // that the configuration gave it; empty when its permissions come from scopes
	Permissions []Permission
}

// New makes the use cases. The ports tokens and hasher may be nil: what needs them then answers fault.Unavailable and
// says which one is not set.
func New(users Users, keys Keys, tokens Tokens, hasher Hasher, log event.Log, o Options) *Accounts {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TokenTTL <= 0 {
		o.TokenTTL = 30 * time.Minute
	}
	return &Accounts{
		users: users, keys: keys, tokens: tokens, hasher: hasher, log: log, o: o,
		throttle: newThrottle(o.PerAccount, o.PerAddress, o.Remembered),
		touched:  make(map[uuid.UUID]time.Time),
	}
}

// now reads the clock, in the microseconds that every store keeps.
func (a *Accounts) now() time.Time { return a.o.Now().UTC().Truncate(time.Microsecond) }

func (a *Accounts) needHasher() error {
	if a.hasher == nil {
		return fault.Unavailable.Errorf("passwords and API keys are off: core.Ports.Hasher is not set")
	}
	return nil
}

func (a *Accounts) needTokens() error {
	if a.tokens == nil {
		return fault.Unavailable.Errorf("sessions are off: core.Ports.Tokens is not set")
	}
	return nil
}

// mayAdminister allows the administration of users and keys. Neither belongs to any workspace, so a service that is
// limited to some workspaces is refused: it could give itself what its limits withhold.
func mayAdminister(actor Actor) error {
	if err := known(actor); err != nil {
		return err
	}
	if !actor.Can(AdminConfig) || len(actor.Workspaces) > 0 {
		return fault.Denied.Errorf("you need the permission %s", AdminConfig)
	}
	return nil
}

func known(actor Actor) error {
	if actor.Kind == "" || actor.Kind == Anonymous {
		return fault.Unauthenticated.Errorf("you need to sign in")
	}
	return nil
}

// about makes an event about one user or key.
func about(name string, actor Actor, at time.Time, subject uuid.UUID, data any) event.Event {
	return actor.Event(name, at, data).In(uuid.Nil, subject.String())
}
