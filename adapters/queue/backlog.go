package queue

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// backlog removes from the stream of a topic what the group has finished, and returns how many announcements are left: those
// that nobody has heard, and those that were heard but not acknowledged.
func (r *Redis) backlog(ctx context.Context, topic string) (int, error) {
	stream := r.stream(topic)
	g, err := r.group(ctx, topic)
	if err != nil {
		return 0, err
	}
	// Everything up to the last delivered entry was delivered, now and later. Of that, entries before the oldest pending one
	// are finished; when nothing is pending afterwards, all of them are.
	first, err := after(g.LastDeliveredID)
	if err != nil {
		return 0, fmt.Errorf("group of %s: %w", topic, err)
	}
	if g.Pending > 0 {
		pending, err := r.client.XPending(ctx, stream, workers).Result()
		if err != nil {
			return 0, fmt.Errorf("pending of %s: %w", topic, err)
		}
		if pending.Count > 0 && earlier(pending.Lower, first) {
			first = pending.Lower
		}
	}
	if err := r.client.XTrimMinID(ctx, stream, first).Err(); err != nil {
		return 0, fmt.Errorf("trim %s: %w", topic, err)
	}
	n, err := r.client.XLen(ctx, stream).Result()
	if err != nil {
		return 0, fmt.Errorf("length of %s: %w", topic, err)
	}
	return int(n), nil
}

// group is what Redis knows about the workers of a topic; they are made a group if they aren't one.
func (r *Redis) group(ctx context.Context, topic string) (redis.XInfoGroup, error) {
	for range 2 {
		groups, err := r.client.XInfoGroups(ctx, r.stream(topic)).Result()
		if err != nil && !groupless(err) {
			return redis.XInfoGroup{}, fmt.Errorf("groups of %s: %w", topic, err)
		}
		for _, g := range groups {
			if g.Name == workers {
				return g, nil
			}
		}
		if err := r.join(ctx, topic); err != nil {
			return redis.XInfoGroup{}, err
		}
	}
	return redis.XInfoGroup{}, errors.New("the group of " + topic + " is gone as soon as it is made")
}

// after is the smallest id of an entry that is greater.
func after(id string) (string, error) {
	ms, n, err := entryID(id)
	switch {
	case err != nil:
		return "", err
	case n < math.MaxUint64:
		n++
	default:
		ms, n = ms+1, 0
	}
	return fmt.Sprintf("%d-%d", ms, n), nil
}

// earlier reports whether the entry a comes before b. What is no id comes first.
func earlier(a, b string) bool {
	am, an, aerr := entryID(a)
	bm, bn, berr := entryID(b)
	if aerr != nil || berr != nil {
		return aerr != nil
	}
	return am < bm || am == bm && an < bn
}

// entryID reads the id of an entry: milliseconds and a number within them.
func entryID(id string) (ms, n uint64, err error) {
	a, b, _ := strings.Cut(id, "-")
	if ms, err = strconv.ParseUint(a, 10, 64); err == nil {
		n, err = strconv.ParseUint(b, 10, 64)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%q is no id of an entry: %w", id, err)
	}
	return ms, n, nil
}
