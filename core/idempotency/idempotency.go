// Package idempotency makes it harmless to send a request again: the same request under the same key is done once, and
// answered with the first outcome from then on.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Options are the settings of a Service; nil means defaults.
type Options struct {
	// Now tells the time. Defaults to time.Now in UTC.
	Now func() time.Time
	// Keep is for how long outcomes are known. Defaults to 24 hours.
	Keep time.Duration
	// Patience is after how long a request that never ended, because its process died, may be tried again. Defaults to 5 minutes.
	Patience time.Duration
}

// Service does requests once. It is safe for concurrent use.
type Service struct {
	store Store
	opts  Options
}

// New makes a Service.
func New(store Store, o *Options) *Service {
	s := &Service{store: store}
	if o != nil {
		s.opts = *o
	}
	if s.opts.Now == nil {
		s.opts.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if s.opts.Keep <= 0 {
		s.opts.Keep = 24 * time.Hour
	}
	if s.opts.Patience <= 0 {
		s.opts.Patience = 5 * time.Minute
	}
	return s
}

// Request is what is to be done once.
type Request struct {
	Key       string // the client's; empty: it is simply done
	Operation string // what is to be done and to what, such as the method and path of a request
	Content   string // all that decides the outcome, or a digest of it
}

var goodKey = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

// Once does a request, unless the actor has done it before under its key: then it returns the outcome of that time, with
// replayed true. An outcome is JSON. An error of do is returned as it is, and the request may be sent again.
//
// fault.Invalid on the field Idempotency-Key when the key is no key, or is that of another request; fault.Conflict, with the
// reason "in_progress", while the same request is being done.
func (s *Service) Once(
	ctx context.Context, a identity.Actor, r Request, do func(ctx context.Context) (any, error),
) (outcome json.RawMessage, replayed bool, err error) {
	if r.Key == "" {
		outcome, err = done(ctx, do)
		return outcome, false, err
	}
	if !goodKey.MatchString(r.Key) {
		return nil, false, fault.Field("Idempotency-Key", "must be 1 to 255 printable characters without blanks")
	}
	now := s.opts.Now()
	mine := Entry{Actor: a.String(), Operation: r.Operation, Key: r.Key, Content: digest(r.Content), Begun: now}
	there, begun, err := s.store.Begin(ctx, mine, now.Add(-s.opts.Keep), now.Add(-s.opts.Patience))
	switch {
	case err != nil && !fault.Permanent(err): // it may be stored all the same, and would stand in the way of the next attempt
		return nil, false, errors.Join(err, s.store.Forget(context.WithoutCancel(ctx), mine))
	case err != nil:
		return nil, false, err
	case begun:
		return s.first(ctx, mine, do)
	case there.Content != mine.Content:
		return nil, false, fault.Field("Idempotency-Key", "was used for another request")
	case there.Outcome == nil:
		return nil, false, fault.Conflict.Errorf("the same request is being worked on").Because("in_progress").After(time.Second)
	}
	return there.Outcome, true, nil
}

// first does what nobody has done. It notes the outcome even when the client has left meanwhile: it may come back and ask. What
// can't be noted, at a second attempt neither, is done all the same, and a client that is told so has no reason to send it again.
func (s *Service) first(ctx context.Context, e Entry, do func(ctx context.Context) (any, error)) (json.RawMessage, bool, error) {
	outcome, err := done(ctx, do)
	late := context.WithoutCancel(ctx)
	if err != nil {
		return nil, false, errors.Join(err, s.store.Forget(late, e))
	}
	e.Outcome = outcome
	if err := s.store.Finish(late, e); err != nil {
		_ = s.store.Finish(late, e)
	}
	return outcome, false, nil
}

func done(ctx context.Context, do func(ctx context.Context) (any, error)) (json.RawMessage, error) {
	out, err := do(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode an outcome: %w", err)
	}
	return raw, nil
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Prune forgets outcomes that are older than they are kept.
func (s *Service) Prune(ctx context.Context) error {
	return s.store.Prune(ctx, s.opts.Now().Add(-s.opts.Keep))
}
