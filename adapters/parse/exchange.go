package parse

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
)

// memoryCheck is how often a working child's memory is looked at.
const memoryCheck = 50 * time.Millisecond

// exchange is the reading of one file by a child.
type exchange struct {
	c *child
	f document.File

	clock    *time.Timer // runs while the child is to blame for the time that passes
	finished atomic.Bool // the child has said its last word on the file

	mu    sync.Mutex
	cause error // why this side ended the child

	ocr      recogniser
	pictures int // of pages
}

// exchangeWith has the child read the file. The child is marked as unfit if it can't read another one.
func exchangeWith(ctx context.Context, c *child, f document.File) (document.Parsed, error) {
	c.said.reset()
	x := &exchange{c: c, f: f, ocr: recogniser{o: c.o}}
	x.clock = time.AfterFunc(c.o.Timeout, func() { x.abort(timedOut(c.o.Timeout)) })
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { x.watch(ctx, over) })
	wg.Go(x.send)
	parsed, err := x.receive(ctx)
	x.finished.Store(true)
	if err != nil && c.unfit {
		c.kill() // which also unblocks send
	}
	close(over)
	wg.Wait()
	x.clock.Stop()
	if cause := x.causeOf(); cause != nil { // also after success: send may have failed since
		c.unfit = true
		if err != nil {
			return document.Parsed{}, cause
		}
	}
	return parsed, err
}

// abort ends the child for a reason.
func (x *exchange) abort(cause error) {
	x.mu.Lock()
	if x.cause == nil {
		x.cause = cause
	}
	x.mu.Unlock()
	x.c.kill()
}

func (x *exchange) causeOf() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cause
}

// watch ends the child when the caller no longer waits, or when it takes too much memory.
func (x *exchange) watch(ctx context.Context, over <-chan struct{}) {
	ticker := time.NewTicker(memoryCheck)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return
		case <-ctx.Done():
			x.abort(context.Cause(ctx))
			return
		case <-ticker.C:
			if n := x.c.resident(); n > x.c.o.MaxMemory {
				x.abort(outOfMemory(fmt.Errorf("the reader had %d MiB", n>>20)))
				return
			}
		}
	}
}

// send streams the file to the child. While it waits for bytes of the file, the clock stands still.
func (x *exchange) send() {
	w := x.c.wire
	if w.sendJSON(frameOpen, opening{MediaType: x.f.MediaType, Size: x.f.Size}) != nil {
		return // receive finds out why
	}
	buf := make([]byte, dataBytes)
	for sent := int64(0); !x.finished.Load(); {
		x.clock.Stop()
		n, err := io.ReadAtLeast(x.f.Body, buf, len(buf))
		x.clock.Reset(x.c.o.Timeout)
		if sent += int64(n); sent > x.c.o.MaxInputBytes {
			x.abort(tooLarge("the file", x.c.o.MaxInputBytes))
			return
		}
		if n > 0 && w.send(frameData, buf[:n]) != nil {
			return
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			x.abort(fmt.Errorf("read the file: %w", err))
			return
		}
	}
	if w.send(frameEnd, nil) == nil {
		_ = w.w.Flush() // receive finds out if it didn't arrive
	}
}

// receive gathers what the child finds.
func (x *exchange) receive(ctx context.Context) (document.Parsed, error) { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	var p document.Parsed
	limit := x.c.o.MaxTextBytes
	for received := int64(0); ; {
		kind, payload, err := x.c.wire.receive(2*limit + max(x.c.o.MaxInputBytes, maxPixels) + controlBytes)
		if err != nil {
			return p, x.lost(err)
		}
		switch kind {
		case frameProgress:
			x.progress(payload)
		case frameBlocks:
			blocks, err := decodeBlocks(payload)
			for _, b := range blocks {
				received += int64(len(b.Text))
			}
			if err != nil || received > limit {
				return p, x.lost(errFrame)
			}
			p.Blocks = append(p.Blocks, blocks...)
		case frameAttached:
			if err := x.attached(payload); err != nil {
				return p, err
			}
		case frameDone:
			return x.done(p, payload)
		case frameImage:
			if err := x.picture(ctx, payload); err != nil {
				return p, err
			}
		case frameFault:
			var f failure
			if err := json.Unmarshal(payload, &f); err != nil {
				return p, x.lost(err)
			}
			x.c.unfit = f.Broken || f.Spent
			return p, f.err()
		default:
			return p, x.lost(errFrame)
		}
	}
}

// attached hands on a file inside of the file. While others are at it, the clock stands still.
func (x *exchange) attached(payload []byte) error {
	a, err := decodeAttachment(payload)
	if err != nil {
		return x.lost(err)
	}
	if x.f.Attached == nil {
		return nil
	}
	x.clock.Stop()
	defer x.clock.Reset(x.c.o.Timeout)
	if err := x.f.Attached(a); err != nil {
		x.c.unfit = true // it is in the middle of the file
		return err
	}
	return nil
}

func (x *exchange) progress(payload []byte) {
	done, n := binary.Uvarint(payload)
	if n <= 0 || x.f.Progress == nil {
		return
	}
	total, _ := binary.Uvarint(payload[n:])
	const most = 1 << 30
	x.f.Progress(int(min(done, most)), int(min(total, most))) //nolint:gosec // bounded
}

func (x *exchange) done(p document.Parsed, payload []byte) (document.Parsed, error) {
	var c closing
	if err := json.Unmarshal(payload, &c); err != nil || c.Pages < 0 || len(p.Blocks) == 0 && x.pictures == 0 {
		return p, x.lost(errors.Join(errFrame, err))
	}
	x.c.unfit = c.Spent
	p.Title, p.Metadata, p.Pages, p.EmptyPages = c.Title, c.Metadata, c.Pages, c.EmptyPages
	return p, x.ocr.into(&p)
}

// picture reads a page from its picture. That has a clock of its own.
func (x *exchange) picture(ctx context.Context, payload []byte) error {
	if len(payload) < 4 {
		return x.lost(errFrame)
	}
	x.pictures++
	x.clock.Stop()
	defer x.clock.Reset(x.c.o.Timeout)
	page := min(int(binary.LittleEndian.Uint32(payload)), x.c.o.MaxPages)
	if err := x.ocr.read(ctx, payload[4:], page); err != nil {
		x.c.unfit = true // it is in the middle of the file
		return err
	}
	return nil
}

// lost explains why a child no longer makes sense: because of this side, of its end, or of the file.
func (x *exchange) lost(err error) error {
	x.c.unfit = true
	if cause := x.causeOf(); cause != nil {
		return cause
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		<-x.c.ended // its output is closed, so it is on its way
	}
	x.c.kill()
	<-x.c.ended
	said := x.c.said.String()
	detail := fmt.Errorf("%w: %w: %s", err, errors.Join(x.c.exit), said)
	switch {
	case strings.Contains(said, cpuRemark):
		return timedOut(x.c.o.Timeout)
	case slices.ContainsFunc([]string{"out of memory", "cannot allocate memory"}, func(s string) bool { return strings.Contains(said, s) }):
		return outOfMemory(detail)
	case errors.Is(err, io.EOF) && killedFromOutside(x.c.cmd.ProcessState):
		return fmt.Errorf("the reader was killed: %w", detail) // by the system or an operator: nothing against the file
	}
	return crashed(detail)
}
