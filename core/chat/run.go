package chat

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Run is an answer on its way. It goes on for a moment when nobody listens, so that whoever lost the connection finds it again,
// and is kept for a while when it is complete. It is safe for concurrent use.
type Run struct {
	ID    uuid.UUID // of the answer
	owner string
	where workspace.ID
	runs  *runs
	stop  context.CancelCauseFunc

	mu        sync.Mutex
	pieces    []Piece
	first     int // number of the first of pieces; they count from 1
	size      int // of pieces, in bytes
	err       error
	ended     bool
	documents []document.ID // of the sources; each once
	changed   chan struct{} // closed when there is something new
	listeners int
	leaving   *time.Timer // while nobody listens
}

// Listener follows a Run. It is not safe for concurrent use; whoever has it must call Leave.
type Listener struct {
	run  *Run
	next int
	left bool
}

// errAbandoned is why an answer ended to which nobody listened.
var errAbandoned = errors.New("nobody listens to the answer any more")

// Begin answers a question as Stream does, but lets the answer be left and found again. What can be refused is refused here,
// except that failures of the search come with the pieces when the model has to rewrite the question first. Close ends what
// was begun; fault.Unavailable after that.
func (s *Service) Begin(ctx context.Context, a identity.Actor, q Question) (*Run, error) {
	if !a.Can(identity.QueryStream) {
		return nil, fault.Denied.Errorf("you may not ask questions")
	}
	t, err := s.begin(ctx, a, q)
	if err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	if !t.mayAskModel() {
		if err := t.find(ctx); err != nil {
			return nil, err
		}
	}
	detached, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	r := &Run{ID: t.answer.ID, owner: t.owner, where: q.Workspace, runs: &s.runs, stop: stop, first: 1, changed: make(chan struct{})}
	if err := s.runs.start(r, func() { r.produce(detached, t) }); err != nil {
		stop(nil)
		return nil, err
	}
	return r, nil
}

// Resume finds an answer that the same actor began in the workspace. fault.NotFound, for the reason answer_gone, when there is
// none any more, or when the actor may not read a document any more that it is made from; other errors as in Begin.
func (s *Service) Resume(ctx context.Context, a identity.Actor, ws workspace.ID, id uuid.UUID) (*Run, error) {
	if !a.Can(identity.QueryStream) {
		return nil, fault.Denied.Errorf("you may not ask questions")
	}
	var ids []document.ID
	r := s.runs.get(id)
	mine := r != nil && r.owner == a.String() && r.where == ws
	if mine {
		ids = r.Documents()
	}
	switch sees, err := s.sees(ctx, a, ws, ids); {
	case err != nil:
		return nil, err
	case !mine || !sees:
		return nil, errGone()
	}
	return r, nil
}

// MayRead checks whether an actor may read, at this moment, what an answer in the workspace is made from. fault.Denied, for the
// reason access_lost, when one of the documents is not there for them any more; other errors as in workspace.Service.Reading.
func (s *Service) MayRead(ctx context.Context, a identity.Actor, ws workspace.ID, ids []document.ID) error {
	sees, err := s.sees(ctx, a, ws, ids)
	if err == nil && !sees {
		return fault.Denied.Errorf("you may not read any more what the answer is made from").Because("access_lost")
	}
	return err
}

func (s *Service) sees(ctx context.Context, a identity.Actor, ws workspace.ID, ids []document.ID) (bool, error) {
	scope, err := s.workspaces.Reading(ctx, a, ws)
	if err != nil || len(ids) == 0 {
		return err == nil, err
	}
	return s.store.Sees(ctx, scope, ids)
}

// Documents are those that the answer is made from, as far as they are found.
func (r *Run) Documents() []document.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.documents
}

// Close ends all answers that Begin began, and waits for them.
func (s *Service) Close() { s.runs.close() }

func errGone() error {
	return fault.NotFound.Errorf("this answer can't be gone on with any more").Because("answer_gone")
}

// produce makes the pieces.
func (r *Run) produce(ctx context.Context, t *turn) {
	defer r.stop(nil)
	done, err := r.follow(ctx, t)
	if cause := context.Cause(ctx); cause != nil && !done {
		err = cause
	}
	r.end(err)
}

// follow adds the pieces as they come and reports whether the last one did.
func (r *Run) follow(ctx context.Context, t *turn) (done bool, err error) {
	defer fault.Recover(&err)
	t.run(ctx, func(p Piece, failed error) bool {
		if p.Done != nil {
			t.told(*p.Done, true)
		}
		if err = failed; err != nil {
			return false
		}
		done = p.Done != nil
		r.add(p)
		return ctx.Err() == nil
	})
	return done, err
}

// add appends a piece. What nobody will ask for any more, because it is too much, is dropped from the beginning.
func (r *Run) add(p Piece) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pieces = append(r.pieces, p)
	for _, h := range p.Sources {
		if !slices.Contains(r.documents, h.Document) {
			r.documents = append(r.documents, h.Document)
		}
	}
	r.size += sizeOf(p)
	for r.size > r.runs.buffer && len(r.pieces) > 1 {
		r.size -= sizeOf(r.pieces[0])
		r.pieces, r.first = r.pieces[1:], r.first+1
	}
	r.wake()
}

func (r *Run) end(err error) {
	r.mu.Lock()
	r.ended, r.err = true, err
	r.wake()
	if r.leaving != nil {
		r.leaving.Stop()
	}
	r.mu.Unlock()
	r.runs.ended(r, err)
}

// wake tells listeners that there is something new. The caller holds the lock.
func (r *Run) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// sizeOf is about how much memory a piece takes.
func sizeOf(p Piece) int {
	n := 64 + len(p.Text)
	for _, h := range p.Sources {
		n += 400 + len(h.Text) + len(h.Title)
	}
	if p.Done != nil {
		n += 1000 + len(p.Done.Text)
	}
	return n
}

// Listen follows the answer after the piece of that number; 0 is the beginning. fault.NotFound, for the reason answer_gone, when
// pieces in between aren't kept any more, or when there was no such piece.
func (r *Run) Listen(after int) (*Listener, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if after < r.first-1 || after >= r.first+len(r.pieces) || r.ended && errors.Is(r.err, errAbandoned) {
		return nil, errGone()
	}
	if r.listeners++; r.leaving != nil {
		r.leaving.Stop()
		r.leaving = nil
	}
	return &Listener{run: r, next: after + 1}, nil
}

// Next waits for the next piece and returns it with its number. io.EOF follows the last one; the error of the model, or of the
// search, takes its place; ctx.Err() when ctx ends first, after which Next may be called again.
func (l *Listener) Next(ctx context.Context) (Piece, int, error) {
	for {
		p, changed, err := l.look()
		if changed == nil {
			return p, l.next - 1, err
		}
		select {
		case <-ctx.Done():
			return Piece{}, 0, ctx.Err()
		case <-changed:
		}
	}
}

// look returns the next piece or the end; when there is neither yet, a channel that is closed when it is worth to look again.
func (l *Listener) look() (Piece, <-chan struct{}, error) {
	r := l.run
	r.mu.Lock()
	defer r.mu.Unlock()
	at := l.next - r.first
	switch {
	case at < 0:
		return Piece{}, nil, fault.Busy.Errorf("the answer is too far ahead of its listener")
	case at < len(r.pieces):
		l.next++
		return r.pieces[at], nil, nil
	case r.err != nil:
		return Piece{}, nil, r.err
	case r.ended:
		return Piece{}, nil, io.EOF
	}
	return Piece{}, r.changed, nil
}

// Leave ends following. When nobody else does and nobody comes back in time, the answer ends, and the model's call with it.
func (l *Listener) Leave() {
	r := l.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.left {
		return
	}
	l.left = true
	if r.listeners--; r.listeners > 0 || r.ended {
		return
	}
	if r.runs.window <= 0 {
		r.stop(errAbandoned)
		return
	}
	r.leaving = time.AfterFunc(r.runs.window, r.abandon)
}

// abandon ends the answer unless somebody has come back meanwhile.
func (r *Run) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listeners == 0 {
		r.stop(errAbandoned)
	}
}
