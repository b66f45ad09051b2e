package parse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
)

// pool keeps children between files.
type pool struct {
	o     Options
	slots chan struct{} // one for each file that is being read
	base  context.Context
	stop  context.CancelCauseFunc
	wg    sync.WaitGroup // files that are being read, and the starter

	mu     sync.Mutex
	closed bool
	idle   []*idleChild // the one used last is the last
	starts chan start   // nil before the first child
}

type idleChild struct {
	*child
	expiry *time.Timer
}

func newPool(o Options) *pool {
	base, stop := context.WithCancelCause(context.Background())
	return &pool{o: o, slots: make(chan struct{}, o.Children), base: base, stop: stop}
}

func (p *pool) parse(ctx context.Context, f document.File) (document.Parsed, error) {
	if os.Getenv(childVariable) != "" {
		return document.Parsed{}, errors.New("this process is itself a reader: main has to call parse.ChildMain first")
	}
	if f.Size > p.o.MaxInputBytes {
		return document.Parsed{}, tooLarge("the file", p.o.MaxInputBytes)
	}
	if err := p.enter(); err != nil {
		return document.Parsed{}, err
	}
	defer p.wg.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.base, func() { cancel(errClosed) })()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return document.Parsed{}, context.Cause(ctx)
	}
	if isPicture(f.MediaType) {
		return readPicture(ctx, p.o, f)
	}
	role := rolePlain
	if f.MediaType == PDF {
		role = roleEngine
	}
	c, err := p.take(ctx, role)
	if err != nil {
		return document.Parsed{}, fmt.Errorf("start a reader: %w", err)
	}
	parsed, err := exchangeWith(ctx, c, f)
	p.put(c)
	return parsed, err
}

// enter counts a file in, unless the pool is closed.
func (p *pool) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.wg.Add(1)
	return nil
}

// take returns an idle child of the role, or starts one.
func (p *pool) take(ctx context.Context, role string) (*child, error) {
	p.mu.Lock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if c := p.idle[i]; c.role == role {
			c.expiry.Stop()
			p.idle = slices.Delete(p.idle, i, i+1)
			p.mu.Unlock()
			return c.child, nil
		}
	}
	var surplus *idleChild
	if len(p.idle) > 0 && len(p.idle)+len(p.slots) > p.o.Children {
		surplus = p.idle[0]
		surplus.expiry.Stop()
		p.idle = p.idle[1:]
	}
	p.mu.Unlock()
	if surplus != nil {
		surplus.end()
	}
	return p.start(ctx, role)
}

// put keeps a child for the next file if it is fit for it.
func (p *pool) put(c *child) {
	p.mu.Lock()
	if c.unfit || p.closed || c.resident() > p.o.MaxMemory/4 {
		p.mu.Unlock()
		c.end()
		return
	}
	defer p.mu.Unlock()
	i := &idleChild{child: c}
	i.expiry = time.AfterFunc(p.o.IdleAfter, func() { p.expire(i) })
	p.idle = append(p.idle, i)
}

func (p *pool) expire(c *idleChild) {
	p.mu.Lock()
	i := slices.Index(p.idle, c)
	if i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		c.end()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.closed, p.idle = true, nil
	p.mu.Unlock()
	p.stop(errClosed)
	for _, c := range idle {
		c.expiry.Stop()
		c.end()
	}
	p.wg.Wait()
}

// start is an order to start a child.
type start struct {
	role  string
	reply chan started
}

type started struct {
	child *child
	err   error
}

// start starts a child and waits until it is ready.
func (p *pool) start(ctx context.Context, role string) (*child, error) {
	p.mu.Lock()
	if p.starts == nil {
		p.starts = make(chan start)
		p.wg.Go(p.starter)
	}
	p.mu.Unlock()
	s := start{role: role, reply: make(chan started, 1)}
	select {
	case p.starts <- s:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r := <-s.reply
	if r.err != nil {
		return nil, r.err
	}
	if err := r.child.awaitReady(ctx); err != nil {
		r.child.end()
		return nil, err
	}
	return r.child, nil
}

// starter starts all children from one thread that lives as long as the pool: on Linux a child is killed when the thread
// that started it ends, https://go.dev/issue/27505.
func (p *pool) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case s := <-p.starts:
			c, err := startChild(s.role, p.o)
			s.reply <- started{c, err}
		case <-p.base.Done():
			return
		}
	}
}
