package queue

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/ragcorp/ragcorp/core/event"
)

// announcement says that a delivery is on offer. It travels in the format of Watermill's Redis streams.
type announcement struct {
	stream   string // where it was heard
	entry    string // its id there
	delivery uuid.UUID
}

// metadataTopic is the metadata that names the topic of an announcement.
const metadataTopic = "topic"

// announce is the message that tells of a delivery.
func announce(ctx context.Context, d event.Delivery) *message.Message {
	m := message.NewMessage(d.Event.ID.String(), nil)
	m.Metadata.Set(metadataTopic, d.Event.Topic)
	m.SetContext(ctx)
	return m
}

// heard reads an entry of a stream.
func heard(stream string, x redis.XMessage) (announcement, error) {
	a := announcement{stream: stream, entry: x.ID}
	m, err := redisstream.DefaultMarshallerUnmarshaller{}.Unmarshal(x.Values)
	if err == nil {
		a.delivery, err = uuid.Parse(m.UUID)
	}
	if err != nil {
		return a, fmt.Errorf("entry %s of %s is no announcement: %w", x.ID, stream, err)
	}
	return a, nil
}
