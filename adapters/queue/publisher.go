package queue

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// ErrClosed reports the use of a Publisher or Subscriber after its Close.
var ErrClosed = errors.New("queue is closed")

// Publisher is a message.Publisher that appends messages to an event log. It is safe for concurrent use.
type Publisher struct {
	log    event.Log
	o      PublisherOptions
	closed atomic.Bool
}

var _ message.Publisher = (*Publisher)(nil)

// PublisherOptions are the settings of a Publisher; nil means defaults.
type PublisherOptions struct {
	// Actor is who publishes. Defaults to "system".
	Actor string
	// Workspace is in whose turn the messages are delivered. Defaults to none.
	Workspace uuid.UUID
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// NewPublisher returns a Publisher that appends to log.
func NewPublisher(log event.Log, o *PublisherOptions) *Publisher {
	p := &Publisher{log: log}
	if o != nil {
		p.o = *o
	}
	if p.o.Actor == "" {
		p.o.Actor = "system"
	}
	if p.o.Now == nil {
		p.o.Now = time.Now
	}
	return p
}

// Publish implements message.Publisher: all messages are stored when it returns nil, none otherwise. It works under the
// context of the first message.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if len(messages) == 0 {
		return nil
	}
	now := p.o.Now()
	events := make([]event.Event, len(messages))
	for i, m := range messages {
		data, err := seal(m)
		if err != nil {
			return fmt.Errorf("seal message %s: %w", m.UUID, err)
		}
		events[i] = event.New(EventName, p.o.Actor, now, data).In(p.o.Workspace, "").For(topic)
	}
	if err := p.log.Append(messages[0].Context(), events...); err != nil {
		return fmt.Errorf("publish %d messages on %s: %w", len(messages), topic, err)
	}
	return nil
}

// Close implements message.Publisher. It does not close the log.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}
