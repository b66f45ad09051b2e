package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// streams is what relays announce over Redis. An announcement is acknowledged as soon as its delivery is leased, or can't be:
// from then on the lease counts, as without Redis. It belongs to one goroutine.
type streams struct {
	redis  *Redis
	table  *table
	name   string // of this worker in the group
	turn   int    // which topic is read first
	outage outage
	stale  time.Time // when others' announcements were last looked at
}

func newStreams(r *Redis, t *table) *streams {
	host, _ := os.Hostname() // it is for people who look at the group
	return &streams{
		redis: r, table: t, name: host + "-" + uuid.NewString(),
		outage: outage{what: "hearing of deliveries", log: t.o.Logger, now: t.o.Now, poll: t.o.Poll},
	}
}

// take takes what was announced. When it hears of nothing, it takes what is due for so long that nobody seems to announce it:
// Redis is away, or full, or no relay runs.
func (s *streams) take(ctx context.Context, free int) []event.Delivery {
	if ctx.Err() != nil {
		return nil
	}
	// Not cut short when ctx ends, or it would wait for others that were heard here. Reading takes no longer than a poll.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.table.o.Poll+s.table.o.Lease)
	defer cancel()
	news, err := s.hear(ctx, free)
	if groupless(err) {
		if err = s.redis.join(ctx, s.table.topics...); err == nil {
			news, err = s.hear(ctx, free)
		}
	}
	ds := s.accept(ctx, news, free)
	s.outage.note(err)
	if len(ds) == 0 {
		ds = s.table.claim(ctx, free, s.redis.o.Fallback)
	}
	return ds
}

func (s *streams) pause(ctx context.Context) bool {
	if s.outage.on() {
		return wait(ctx, nil, s.outage.wait())
	}
	return ctx.Err() == nil // it has waited when it read
}

// close leaves the group.
func (s *streams) close(ctx context.Context) {
	s.table.close(ctx)
	if s.outage.on() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for _, topic := range s.table.topics {
		err := s.redis.forget(ctx, topic, func(c redis.XInfoConsumer) bool { return c.Name == s.name })
		if err != nil {
			s.table.o.Logger.Debug("leave the group of workers", zap.Error(err)) // relays will do it
			return
		}
	}
}

// hear reads up to n announcements: such as another worker left behind, then those that nobody has heard. If there are none it
// waits for the first. With an error there may be some, too.
func (s *streams) hear(ctx context.Context, n int) ([]announcement, error) {
	news, err := s.inherit(ctx, n)
	for range s.table.topics {
		if err != nil || len(news) >= n {
			return news, err
		}
		topic := s.table.topics[s.turn%len(s.table.topics)]
		s.turn++
		var more []announcement
		more, err = s.read(ctx, -1, n-len(news), topic)
		news = append(news, more...)
	}
	if err != nil || len(news) > 0 {
		return news, err
	}
	// It returns more than one only if two topics have news in the same moment.
	return s.read(ctx, max(s.table.o.Poll, time.Millisecond), 1, s.table.topics...)
}

// read reads up to n new entries of each topic. A negative block means not to wait.
func (s *streams) read(ctx context.Context, block time.Duration, n int, topics ...string) ([]announcement, error) {
	args := redis.XReadGroupArgs{Group: workers, Consumer: s.name, Count: int64(n), Block: block}
	for _, topic := range topics {
		args.Streams = append(args.Streams, s.redis.stream(topic))
	}
	for range topics {
		args.Streams = append(args.Streams, ">")
	}
	found, err := s.redis.client.XReadGroup(ctx, &args).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var news []announcement
	for _, one := range found {
		news = append(news, s.understand(ctx, one.Stream, one.Messages)...)
	}
	return news, nil
}

// inherit takes over, now and then, up to n entries that were read and not acknowledged for long.
func (s *streams) inherit(ctx context.Context, n int) ([]announcement, error) {
	now := s.table.o.Now()
	if now.Sub(s.stale) < s.redis.o.Stale/2 {
		return nil, nil
	}
	var news []announcement
	for _, topic := range s.table.topics {
		if len(news) >= n {
			return news, nil // and look again soon
		}
		found, _, err := s.redis.client.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: s.redis.stream(topic), Group: workers, Consumer: s.name, MinIdle: s.redis.o.Stale,
			Start: "0-0", Count: int64(n - len(news)),
		}).Result()
		if err != nil {
			return news, err
		}
		news = append(news, s.understand(ctx, s.redis.stream(topic), found)...)
	}
	s.stale = now
	return news, nil
}

// understand reads entries, and drops those that are no announcements.
func (s *streams) understand(ctx context.Context, stream string, entries []redis.XMessage) []announcement {
	var news []announcement
	for _, x := range entries {
		a, err := heard(stream, x)
		if err != nil {
			s.table.o.Logger.Warn("read announcements", zap.Error(err))
			s.finish(ctx, stream, x.ID)
			continue
		}
		news = append(news, a)
	}
	return news
}

// accept leases what was announced and acknowledges it. Entries whose delivery the log can't be asked about stay pending.
func (s *streams) accept(ctx context.Context, news []announcement, free int) []event.Delivery {
	var ds []event.Delivery
	finished := map[string][]string{}
	for _, a := range news {
		d, err := s.lease(ctx, a, len(ds) < free)
		switch {
		case err == nil:
			ds = append(ds, d)
		case errors.Is(err, event.ErrLeaseLost):
		default:
			s.table.o.Logger.Error("take delivery", zap.Stringer("event", a.delivery), zap.Error(err))
			continue
		}
		finished[a.stream] = append(finished[a.stream], a.entry)
	}
	for stream, entries := range finished {
		s.finish(ctx, stream, entries...)
	}
	return ds
}

// lease takes the delivery; one for which no hand is free is made due for others, which reads as if it were theirs.
func (s *streams) lease(ctx context.Context, a announcement, free bool) (event.Delivery, error) {
	now := s.table.o.Now()
	d, err := s.table.log.Take(ctx, a.delivery, now, now.Add(s.table.o.Lease))
	if err == nil && !free {
		if err = s.table.log.Release(ctx, d.Lease, now); err == nil {
			err = event.ErrLeaseLost
		}
	}
	if err != nil {
		return event.Delivery{}, fmt.Errorf("take %s: %w", a.delivery, err)
	}
	return d, nil
}

// finish acknowledges entries. One that can't be acknowledged is heard again, and refused then.
func (s *streams) finish(ctx context.Context, stream string, entries ...string) {
	if err := s.redis.client.XAck(ctx, stream, workers, entries...).Err(); err != nil {
		s.table.o.Logger.Debug("acknowledge announcements", zap.Error(err))
	}
}
