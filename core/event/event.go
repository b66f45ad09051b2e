// Package event is what happened, and what must happen next because of it.
//
// An Event is immutable, but for what tells the e-mail address and the network addresses of a user who is deleted, and written in the transaction
// of the change that it reports; together the events are the audit trail. An event with a Topic also has a Delivery: the promise that something will react to it at least once,
// however often processes die on the way. Reactions are therefore idempotent.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Event is something that happened.
type Event struct {
	ID        uuid.UUID       // version 7, so events sort by time
	Name      string          // dotted and in the past or imperative of the trail, such as "document.upload"
	Time      time.Time       // UTC
	Actor     string          // who did it: "user:<id>", "service:<id>", "system" or "anonymous"
	Workspace uuid.UUID       // where it happened; zero when it is about no workspace
	Subject   string          // id of the thing that it happened to; may be empty
	Topic     string          // queue on which something must react; empty when the event is only recorded
	Data      json.RawMessage // details, an object; never content or secrets
	Role      string          // role of the actor when it happened: a user's, or an API key's; empty when it has none
	Trace     string          // W3C traceparent of what caused it; empty when that was not traced
	Held      *Lease          // when set, the delivery begins leased to whoever wrote the event; never read back
	NotBefore time.Time       // when set, the delivery is due then, and not at once; never read back
}

// New makes an event that happened at the given time. Data must marshal to a JSON object, or be nil.
func New(name, actor string, at time.Time, data any) Event {
	e := Event{ID: uuid.Must(uuid.NewV7()), Name: name, Actor: actor, Time: at.UTC(), Data: json.RawMessage("{}")}
	if data == nil {
		return e
	}
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("event %s: data does not marshal: %v", name, err)) // a programming mistake: payloads are plain structs
	}
	e.Data = raw
	return e
}

// In says which workspace and which thing the event is about.
func (e Event) In(workspace uuid.UUID, subject string) Event {
	e.Workspace, e.Subject = workspace, subject
	return e
}

// For says on which topic something must react.
func (e Event) For(topic string) Event {
	e.Topic = topic
	return e
}

// After says that the reaction must wait until the given time.
func (e Event) After(at time.Time) Event {
	e.NotBefore = at.UTC()
	return e
}

type traceKey struct{}

// WithTrace returns a context in which stores give every event this trace (a W3C traceparent), unless the event has one.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	return context.WithValue(ctx, traceKey{}, traceparent)
}

// TraceOf returns the trace of WithTrace; empty when there is none.
func TraceOf(ctx context.Context) string {
	trace, _ := ctx.Value(traceKey{}).(string)
	return trace
}

// State is where a delivery stands.
type State string

// The states of a delivery. Pending is due at AvailableAt; Leased is being worked on until its lease runs out; Done and
// Dead are final, until a dead one is replayed.
const (
	Pending State = "pending"
	Leased  State = "leased"
	Done    State = "done"
	Dead    State = "dead"
)

// Delivery is the promise that something reacts to an event. There is one for each event that has a topic.
type Delivery struct {
	Event       Event
	State       State
	Attempts    int // how often it was claimed, this time included
	Failures    int // how often a reaction reported an error; the difference to Attempts is crashes and lost leases
	AvailableAt time.Time
	Lease       Lease  // set while State is Leased
	Error       string // what the last failure said; empty when there was none
}

// Lease is the right to work on one delivery for a while. It is also a fencing token: a write that carries a lease that
// is no longer held fails with ErrLeaseLost and changes nothing.
type Lease struct {
	Delivery uuid.UUID // id of the delivery's event
	Token    uuid.UUID // new with every claim
	Until    time.Time
}

// ErrLeaseLost reports that another worker holds the delivery, or that it is settled.
var ErrLeaseLost error = fault.Conflict.Errorf("the lease on the delivery is lost").Because("lease_lost")
