package queue_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/event"
)

func TestMessagesArriveAsTheyWerePublished(t *testing.T) {
	t.Parallel()
	log := openStore(t, "sqlite::memory:").Events()
	for _, m := range []*message.Message{
		message.NewMessage("", nil),
		message.NewMessage("plain", []byte("payload")),
		message.NewMessage("not a \"uuid\" but it's ? fine", []byte{0, 1, 0xff}),
		message.NewMessage("a\x00b\xffc", []byte("{")),
	} {
		m.Metadata.Set("key", "value")
		m.Metadata.Set("", "")
		m.Metadata.Set("k\x00\xfe", "\x00v\xfd")
		if err := queue.NewPublisher(log, nil).Publish("topic", m); err != nil {
			t.Fatal(err)
		}
		got := receive(t, log, "topic")
		if got.UUID != m.UUID || string(got.Payload) != string(m.Payload) {
			t.Errorf("got message %q with %q, want %q with %q", got.UUID, got.Payload, m.UUID, m.Payload)
		}
		if diff := cmp.Diff(m.Metadata, got.Metadata); diff != "" {
			t.Errorf("metadata of %q differs (-want +got):\n%s", m.UUID, diff)
		}
	}
}

// receive takes one message.
func receive(t *testing.T, log event.Log, topic string) *message.Message {
	t.Helper()
	s := queue.NewSubscriber(log, nil)
	c, err := s.Subscribe(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	m := <-c
	m.Ack()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return m
}

func TestEventsOfOthersArriveAsMessages(t *testing.T) {
	t.Parallel()
	log := openStore(t, "sqlite::memory:").Events()
	ws := uuid.New()
	e := event.New("thing.made", "user:1", time.Now(), map[string]int{"size": 3}).In(ws, "thing-1").For("work")
	if err := log.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	m := receive(t, log, "work")
	if m.UUID != e.ID.String() || string(m.Payload) != `{"size":3}` {
		t.Errorf("got message %s with %s", m.UUID, m.Payload)
	}
	want := message.Metadata{
		queue.MetadataEvent: "thing.made", queue.MetadataActor: "user:1",
		queue.MetadataSubject: "thing-1", queue.MetadataWorkspace: ws.String(),
	}
	if diff := cmp.Diff(want, m.Metadata); diff != "" {
		t.Errorf("metadata differs (-want +got):\n%s", diff)
	}
}

func TestAllMessagesArePublishedOrNone(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	p := queue.NewPublisher(s.Events(), nil)
	if err := p.Publish("a\x00", message.NewMessage("1", nil), message.NewMessage("2", nil)); err == nil {
		t.Error("Publish() on a topic that can't be stored = nil, want an error")
	}
	if ds, err := s.Backlog().Deliveries(t.Context(), event.Filter{}); err != nil || len(ds) > 0 {
		t.Errorf("Deliveries() = %v, %v, want none", ds, err)
	}
	if err := p.Publish("a"); err != nil {
		t.Errorf("Publish() of nothing = %v", err)
	}
}

func TestClosedEndsRefuse(t *testing.T) {
	t.Parallel()
	log := openStore(t, "sqlite::memory:").Events()
	p, s := queue.NewPublisher(log, nil), queue.NewSubscriber(log, nil)
	for range 2 {
		if err := errors.Join(p.Close(), s.Close()); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if err := p.Publish("a", message.NewMessage("1", nil)); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("Publish() = %v, want ErrClosed", err)
	}
	if _, err := s.Subscribe(t.Context(), "a"); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("Subscribe() = %v, want ErrClosed", err)
	}
}

func TestClosingGivesBackWhatNobodyReceived(t *testing.T) {
	t.Parallel()
	store := openStore(t, "sqlite::memory:")
	add(t, store.Events(), 1)
	claimed := claims{store.Events(), make(chan struct{}, 1)}
	s := queue.NewSubscriber(claimed, nil)
	if _, err := s.Subscribe(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	<-claimed.found
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d := only(t, store); d.State != event.Pending || d.Attempts != 0 {
		t.Errorf("the delivery is %+v, want it as if nobody had claimed it", d)
	}
}

func TestBackoffDoublesUpToALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures int
		most     time.Duration
	}{
		{-1, time.Second},
		{0, time.Second},
		{1, time.Second},
		{2, 2 * time.Second},
		{3, 4 * time.Second},
		{9, 256 * time.Second},
		{10, 5 * time.Minute},
		{1 << 40, 5 * time.Minute},
	} {
		for range 100 {
			if d := queue.Backoff(c.failures); d > c.most || d <= c.most/2 {
				t.Errorf("Backoff(%d) = %v, want more than half of %v and no more than that", c.failures, d, c.most)
			}
		}
	}
	if fmt.Sprint(queue.Backoff(20), queue.Backoff(20), queue.Backoff(20)) == fmt.Sprint(5*time.Minute, 5*time.Minute, 5*time.Minute) {
		t.Error("Backoff has no jitter")
	}
}
