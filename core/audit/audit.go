// Package audit reads the trail: every event that any change, sign-in or denial has written. It writes one kind of event
// itself, the denial, which belongs to no other use case, and sees to it that denials can't flood the trail.
package audit

import (
	"context"
	"fmt"
	"iter"
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
	// Repeat is for how long the same denial to the same actor is recorded only once. Defaults to one minute.
	Repeat time.Duration
	// Burst is how many denials are recorded at once, whoever they are to. Defaults to 100.
	Burst int
	// Every is how long it takes, after a burst, until one more is recorded. Defaults to one second.
	Every time.Duration
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Now == nil {
		c.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if c.Repeat <= 0 {
		c.Repeat = time.Minute
	}
	if c.Burst <= 0 {
		c.Burst = 100
	}
	if c.Every <= 0 {
		c.Every = time.Second
	}
	return c
}

// Service holds the use cases of the trail. It is safe for concurrent use.
type Service struct {
	trail   Trail
	log     event.Log
	opts    Options
	denials *denials
}

// New makes a Service.
func New(trail Trail, log event.Log, o *Options) *Service {
	opts := o.withDefaults()
	return &Service{trail: trail, log: log, opts: opts, denials: newDenials(opts)}
}

// Search says what to look for in the trail; its zero value means everything.
type Search struct {
	Workspace    uuid.UUID // events about this workspace; zero means any
	Actor        string    // an actor as it stands in events, such as "user:<id>", or only the part after the colon; empty means any
	ActionPrefix string    // how the name of the event begins, to the letter; empty means any
	Start, End   time.Time // not before and not after; zero means no such limit
	After        Position  // only what comes after this place
	Offset       int       // how many to pass over, for clients that count pages
	Limit        int       // at most this many; List returns none when it is 0
}

// maxText is the longest actor or action prefix, in bytes.
const maxText = 200

// check reports what is wrong with a search.
func (s Search) check() error {
	for _, f := range []struct{ name, text string }{{"actor_id", s.Actor}, {"action_prefix", s.ActionPrefix}} {
		if len(f.text) > maxText {
			return fault.Field(f.name, "is too long")
		}
		if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			return fault.Field(f.name, "must be valid text")
		}
	}
	if !s.Start.IsZero() && !s.End.IsZero() && s.Start.After(s.End) {
		return fault.Field("start_at", "must not be after end_at")
	}
	return nil
}

// query is the search in terms of the port.
func (s Search) query() Query {
	q := Query{
		Workspace: s.Workspace, ActionPrefix: s.ActionPrefix, Start: s.Start, End: s.End,
		After: s.After, Offset: s.Offset, Limit: s.Limit,
	}
	switch {
	case s.Actor == "":
	case strings.Contains(s.Actor, ":"):
		q.Actors = []string{s.Actor}
	default: // "system" and "anonymous" have nothing before a colon
		q.Actors = []string{s.Actor, string(identity.Person) + ":" + s.Actor, string(identity.ServiceActor) + ":" + s.Actor}
	}
	return q
}

// List returns what the search finds, newest first. The actor needs the permission identity.AdminConfig. fault.Invalid names
// the fields actor_id, action_prefix and start_at.
func (s *Service) List(ctx context.Context, a identity.Actor, in Search) ([]event.Event, error) {
	if err := mayRead(a); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	found, err := s.trail.Find(ctx, in.query())
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return found, nil
}

// exportPage is how many events an export holds in memory at once.
const exportPage = 500

// Export yields everything that the search finds, newest first, whatever its limit; memory stays small however much that is.
// Errors as in List; the first one ends it.
func (s *Service) Export(ctx context.Context, a identity.Actor, in Search) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		in.Limit = exportPage
		for {
			page, err := s.List(ctx, a, in)
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < exportPage {
				return
			}
			in.After, in.Offset = PositionOf(page[len(page)-1]), 0
		}
	}
}

// mayRead allows reading the trail. It is about everything, so a service that is limited to some workspaces is refused.
func mayRead(a identity.Actor) error {
	if !a.Can(identity.AdminConfig) || len(a.Workspaces) > 0 {
		return fault.Denied.Errorf("you may not read the audit trail")
	}
	return nil
}
