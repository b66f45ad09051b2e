package parse

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// childVariable marks a process as a child and says what it reads: roleEngine or rolePlain. It is all that a child finds
// in its environment.
const childVariable = "RAGCORP_PARSE_CHILD"

// Children that have loaded the PDF engine read PDF only; the others start in milliseconds.
const (
	roleEngine = "engine"
	rolePlain  = "plain"
)

// cpuRemark is what a child says last when it has passed its allowance of CPU time.
const cpuRemark = "CPU time is over"

// maxStack bounds the stack of a goroutine in a child.
const maxStack = 128 << 20

// ChildMain must be the first thing that main, and TestMain, call in a program that uses New. In a child process it reads
// files until the parent ends, and doesn't return; in any other process it does nothing.
func ChildMain() {
	childMain(func(o Options) map[string]format { return formats(o, false) })
}

func childMain(formats func(Options) map[string]format) {
	role := os.Getenv(childVariable)
	if role == "" {
		return
	}
	if role == roleCommand {
		_, _ = os.Stderr.WriteString("reader: " + becomeCommand(os.Args[1:]).Error() + "\n")
		os.Exit(1)
	}
	if err := serve(role, formats); err != nil {
		_, _ = os.Stderr.WriteString("reader: " + err.Error() + "\n") // the parent keeps it for operators
		os.Exit(1)
	}
	os.Exit(0)
}

// serve reads files, one after the other. Everything that needs rights happens before the first of them arrives.
func serve(role string, formats func(Options) map[string]format) error {
	c := newWire(os.Stdin, os.Stdout)
	os.Stdout = os.Stderr // a stray print must not get between the frames
	kind, payload, err := c.receive(controlBytes)
	if err != nil || kind != frameOptions {
		return errors.Join(errFrame, err)
	}
	var o Options
	if err := json.Unmarshal(payload, &o); err != nil {
		return err
	}
	fs := formats(o)
	if engine, ok := fs[PDF].(*pdf); ok && role == roleEngine {
		if _, err := engine.engine(); err != nil {
			return err
		}
	}
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(o.MaxMemory * 3 / 4)
	debug.FreeOSMemory()
	if err := confine(o); err != nil {
		return err
	}
	if err := c.send(frameReady, nil); err != nil {
		return err
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	frames := make(chan frame)
	go listen(c, frames)
	for f := range frames {
		if f.kind != frameOpen {
			return errFrame
		}
		if err := answer(c, o, fs, f.payload, frames); err != nil {
			return err
		}
	}
	return nil
}

type frame struct {
	kind    frameKind
	payload []byte
}

// listen passes frames on. When the parent is gone, so is the reason for whatever the process does.
func listen(c *wire, frames chan<- frame) {
	for {
		kind, payload, err := c.receive(dataBytes + controlBytes)
		if err != nil {
			os.Exit(0)
		}
		frames <- frame{kind, payload}
	}
}

// answer reads one file. An error means that the process has to end; errors of files are answers.
func answer(c *wire, o Options, fs map[string]format, payload []byte, frames <-chan frame) error {
	var open opening
	if err := json.Unmarshal(payload, &open); err != nil {
		return err
	}
	form, ok := fs[open.MediaType]
	if !ok {
		return errFrame
	}
	allowCPU(o.CPUTime)
	body := &frameReader{frames: frames}
	out := &output{
		limits:   o,
		flush:    func(blocks []text.Block) error { return c.send(frameBlocks, encodeBlocks(blocks)) },
		progress: progressSender(c),
		attached: func(a document.Attachment) error {
			payload, err := encodeAttachment(a)
			if err != nil {
				return err
			}
			return errors.Join(c.send(frameAttached, payload), c.w.Flush())
		},
	}
	if len(o.OCR) > 0 {
		out.image = func(page int, picture []byte) error {
			return errors.Join(c.send(frameImage, append(binary.LittleEndian.AppendUint32(nil, uint32(page)), picture...)), c.w.Flush()) //nolint:gosec // bounded by MaxPages
		}
	}
	err := run(context.Background(), form, source{body: body, size: open.Size, limits: o}, out)
	if err != nil {
		f := failureOf(err)
		f.Spent = isSpent()
		if err := c.sendJSON(frameFault, f); err != nil {
			return err
		}
		if f.Broken {
			os.Exit(2)
		}
		return body.drain()
	}
	if err := body.drain(); err != nil {
		return err
	}
	p := out.parsed
	return c.sendJSON(frameDone, closing{Title: p.Title, Metadata: p.Metadata, Pages: p.Pages, EmptyPages: p.EmptyPages, Spent: isSpent()})
}

// progressSender reports at most ten times a second.
func progressSender(c *wire) func(done, total int) {
	var last time.Time
	return func(done, total int) {
		if now := time.Now(); done == total || now.Sub(last) > 100*time.Millisecond {
			last = now
			payload := binary.AppendUvarint(nil, uint64(max(done, 0)))     //nolint:gosec // not negative
			payload = binary.AppendUvarint(payload, uint64(max(total, 0))) //nolint:gosec // not negative
			if err := c.send(frameProgress, payload); err != nil {
				return // the next frame that matters fails too
			}
			_ = c.w.Flush()
		}
	}
}

// frameReader is the file that arrives in frames.
type frameReader struct {
	frames <-chan frame
	rest   []byte
	ended  bool
}

func (r *frameReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		f := <-r.frames
		switch f.kind {
		case frameData:
			r.rest = f.payload
		case frameEnd:
			r.ended = true
		default:
			return 0, errFrame
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// drain takes in what the format left unread.
func (r *frameReader) drain() error {
	_, err := io.Copy(io.Discard, r)
	return err
}
