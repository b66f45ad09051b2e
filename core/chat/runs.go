package chat

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
)

// runs are the answers that can be listened to: those on their way, and those that ended not long ago.
type runs struct {
	window time.Duration // how long an answer goes on to which nobody listens
	keep   time.Duration // how long a complete one is kept
	most   int           // of complete ones
	buffer int           // bytes of one

	mu      sync.Mutex
	byID    map[uuid.UUID]*Run
	done    []*Run // complete ones, the oldest first
	closed  bool
	working sync.WaitGroup
}

// mostKept bounds how many complete answers are kept.
const mostKept = 1000

// start lets an answer be produced.
func (rs *runs) start(r *Run, produce func()) error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		return fault.Unavailable.Errorf("the server is shutting down")
	}
	if rs.byID == nil {
		rs.byID = map[uuid.UUID]*Run{}
	}
	rs.byID[r.ID] = r
	rs.working.Go(produce)
	return nil
}

func (rs *runs) get(id uuid.UUID) *Run {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.byID[id]
}

// ended notes that an answer is complete. One that broke off is of no use to anybody who comes back later, but those who
// listen still hold it.
func (rs *runs) ended(r *Run, err error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if err != nil || rs.closed {
		delete(rs.byID, r.ID)
		return
	}
	rs.done = append(rs.done, r)
	for len(rs.done) > rs.most {
		rs.drop()
	}
	time.AfterFunc(rs.keep, func() { rs.expire(r) })
}

// expire forgets an answer.
func (rs *runs) expire(r *Run) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for i, d := range rs.done {
		if d == r {
			rs.done = append(rs.done[:i:i], rs.done[i+1:]...)
			delete(rs.byID, r.ID)
			return
		}
	}
}

// drop forgets the oldest complete answer. The caller holds the lock.
func (rs *runs) drop() {
	delete(rs.byID, rs.done[0].ID)
	rs.done = rs.done[1:]
}

// close ends everything and waits for it.
func (rs *runs) close() {
	rs.mu.Lock()
	rs.closed = true
	for _, r := range rs.byID {
		r.stop(context.Canceled)
	}
	rs.mu.Unlock()
	rs.working.Wait()
}
