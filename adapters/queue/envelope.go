package queue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/ragcorp/ragcorp/core/event"
)

// EventName is the name of the events under which a Publisher stores messages.
const EventName = "queue.message"

// Metadata of messages that were not published as messages: their payload is the data of the event.
const (
	MetadataEvent     = "event"        // name of the event
	MetadataActor     = "actor"        // who caused it
	MetadataWorkspace = "workspace_id" // where; not set when it is about no workspace
	MetadataSubject   = "subject"      // id of the thing that it happened to; may be empty
)

// envelope is a message as the data of an event.
type envelope struct {
	UUID     text      `json:"uuid"`
	Metadata [][2]text `json:"metadata,omitempty"` // sorted by key
	Payload  []byte    `json:"payload"`
}

// text is any string as JSON. What isn't text for every database (invalid, or with the zero byte) becomes an object with
// its bytes.
type text string

type rawText struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) && !strings.ContainsRune(string(t), 0) {
		return json.Marshal(string(t))
	}
	return json.Marshal(rawText{[]byte(t)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, (*string)(t))
	}
	var raw rawText
	err := json.Unmarshal(data, &raw)
	*t = text(raw.Bytes)
	return err
}

func seal(m *message.Message) (json.RawMessage, error) {
	e := envelope{UUID: text(m.UUID), Payload: m.Payload}
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		e.Metadata = append(e.Metadata, [2]text{text(key), text(m.Metadata[key])})
	}
	return json.Marshal(e)
}

// messageOf is the message that a delivery carries.
func messageOf(d event.Delivery) (*message.Message, error) {
	if d.Event.Name != EventName {
		return plainMessage(d.Event), nil
	}
	var e envelope
	if err := json.Unmarshal(d.Event.Data, &e); err != nil {
		return nil, fmt.Errorf("read message of event %s: %w", d.Event.ID, err)
	}
	m := message.NewMessage(string(e.UUID), e.Payload)
	for _, pair := range e.Metadata {
		m.Metadata.Set(string(pair[0]), string(pair[1]))
	}
	return m, nil
}

func plainMessage(e event.Event) *message.Message {
	m := message.NewMessage(e.ID.String(), message.Payload(e.Data))
	m.Metadata.Set(MetadataEvent, e.Name)
	m.Metadata.Set(MetadataActor, e.Actor)
	m.Metadata.Set(MetadataSubject, e.Subject)
	if e.Workspace != [16]byte{} {
		m.Metadata.Set(MetadataWorkspace, e.Workspace.String())
	}
	return m
}
