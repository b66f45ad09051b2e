package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Redis announces deliveries over Redis Streams: a Relay offers what is due and announces it in the stream of its topic, where
// the workers of all processes hear of it as one consumer group. It carries the ids of deliveries and nothing else, so it may
// be emptied or lost at any time.
//
// Streams are read and acknowledged here rather than by Watermill's subscriber, which reads up to three messages ahead of
// a consumer that is busy, and does not come back when its group is gone.
type Redis struct {
	client *redis.Client
	o      RedisOptions
}

// RedisOptions say how streams are used; nil means defaults. All processes should agree on them.
type RedisOptions struct {
	// Prefix is the beginning of all keys. Defaults to "ragcorp".
	Prefix string
	// Backlog is how many announcements of a topic may wait to be heard. It is the most that a delivery has to wait for
	// others that were chosen before it. Each relay may exceed it once by what it finds room for. Defaults to 200.
	Backlog int
	// Visibility is after how long a delivery is due again that was announced and that nobody took. Defaults to one minute.
	Visibility time.Duration
	// Fallback is for how long a delivery is due until a worker that hears of nothing takes it without an announcement.
	// Defaults to 10 s.
	Fallback time.Duration
	// Stale is after how long an announcement that was heard, but not acknowledged, is heard again by another worker. Defaults
	// to 30 s.
	Stale time.Duration
	// Gone is after how long a worker of which nothing was heard is forgotten. Defaults to 10 minutes.
	Gone time.Duration
}

func (o *RedisOptions) withDefaults() RedisOptions {
	var c RedisOptions
	if o != nil {
		c = *o
	}
	if c.Prefix == "" {
		c.Prefix = "ragcorp"
	}
	if c.Backlog <= 0 {
		c.Backlog = 200
	}
	c.Visibility = orDefault(c.Visibility, time.Minute)
	c.Fallback = orDefault(c.Fallback, 10*time.Second)
	c.Stale = orDefault(c.Stale, 30*time.Second)
	c.Gone = orDefault(c.Gone, 10*time.Minute)
	return c
}

// workers is the consumer group of all workers.
const workers = "workers"

// CheckURL reports whether OpenRedis takes a URL.
func CheckURL(url string) error {
	_, err := parse(url)
	return err
}

func parse(url string) (*redis.Options, error) {
	o, err := redis.ParseURL(url)
	if err != nil { // which may quote the password
		return nil, fault.Invalid.Errorf("the URL of Redis must be redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss: for TLS")
	}
	return o, nil
}

// OpenRedis returns the Redis at a URL such as redis://user:password@host:6379/0, or rediss: with TLS. It does not connect: a
// server that doesn't answer is no error here, and may come later. An error is of kind fault.Invalid and does not repeat
// the URL.
func OpenRedis(url string, o *RedisOptions) (*Redis, error) {
	c, err := parse(url)
	if err != nil {
		return nil, err
	}
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout = 2*time.Second, 3*time.Second, 3*time.Second
	c.DialerRetries, c.MaxRetries = 1, 1 // whoever calls tries again, and knows when it is too often
	c.ContextTimeoutEnabled = true
	c.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Redis{client: redis.NewClient(c), o: o.withDefaults()}, nil
}

// Ping reports whether Redis answers.
func (r *Redis) Ping(ctx context.Context) error {
	if err := r.client.Ping(ctx).Err(); err != nil {
		return fault.Unavailable.Wrap(err, "Redis does not answer")
	}
	return nil
}

// Close closes the connections.
func (r *Redis) Close() error { return r.client.Close() }

// stream is the key of a topic's stream.
func (r *Redis) stream(topic string) string { return r.o.Prefix + ":" + topic }

// join makes the group, and the stream, where they are missing. The group begins with the oldest announcement.
func (r *Redis) join(ctx context.Context, topics ...string) error {
	for _, topic := range topics {
		err := r.client.XGroupCreateMkStream(ctx, r.stream(topic), workers, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return fmt.Errorf("make group of %s: %w", topic, err)
		}
	}
	return nil
}

// groupless reports whether an error means that the group or its stream is gone, as after FLUSHALL.
func groupless(err error) bool {
	return err != nil && (strings.HasPrefix(err.Error(), "NOGROUP") || strings.HasPrefix(err.Error(), "UNBLOCKED") ||
		strings.HasPrefix(err.Error(), "ERR no such key"))
}

// forget removes workers from the group of a topic, if they have nothing pending.
func (r *Redis) forget(ctx context.Context, topic string, which func(redis.XInfoConsumer) bool) error {
	known, err := r.client.XInfoConsumers(ctx, r.stream(topic), workers).Result()
	if groupless(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list workers of %s: %w", topic, err)
	}
	for _, c := range known {
		if c.Pending > 0 || !which(c) {
			continue
		}
		// One that comes back meanwhile is made again when it reads; what it read is due again when the offer ends.
		if err := r.client.XGroupDelConsumer(ctx, r.stream(topic), workers, c.Name).Err(); err != nil {
			return fmt.Errorf("forget worker %s of %s: %w", c.Name, topic, err)
		}
	}
	return nil
}
