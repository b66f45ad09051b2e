package parse

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// Parent and child talk in frames over the child's standard input and output: one byte for the kind, four for the length,
// then the payload. What comes from the child has passed through hostile hands, so its encoding is simple and every length
// is checked.
type frameKind byte

const (
	// From the parent.
	frameOptions frameKind = 'c' // Options, once at the start
	frameOpen    frameKind = 'o' // opening: a file begins
	frameData    frameKind = 'd' // bytes of the file
	frameEnd     frameKind = 'e' // the file ends
	// From the child.
	frameReady    frameKind = 'r' // once at the start
	frameProgress frameKind = 'p' // pages done and in all
	frameBlocks   frameKind = 'b'
	frameAttached frameKind = 'a' // a file inside of the file
	frameImage    frameKind = 'i' // a page that only its picture can tell the text of
	frameDone     frameKind = 'f' // closing: the file is read
	frameFault    frameKind = 'x' // failure: it can't be read
)

// dataBytes is the size of the pieces in which a file is sent.
const dataBytes = 256 << 10

// controlBytes bounds the frames that hold no text and no file.
const controlBytes = 1 << 20

var errFrame = errors.New("malformed frame")

type opening struct {
	MediaType string
	Size      int64
}

type closing struct {
	Title      string
	Metadata   map[string]string
	Pages      int
	EmptyPages []int
	Spent      bool // the child must not read another file
}

// failure is an error on the wire. An empty Kind means an internal one.
type failure struct {
	Kind   fault.Kind
	Reason string
	Text   string
	Cause  string
	Broken bool // the child is in doubt and ends
	Spent  bool // the child must not read another file
}

func (f failure) err() error {
	var cause error
	if f.Cause != "" {
		cause = errors.New(f.Cause)
	}
	switch f.Kind {
	case fault.Invalid, fault.Unsupported, fault.TooLarge:
		return f.Kind.Wrap(cause, f.Text).Because(f.Reason)
	default: // not about the file
	}
	return fmt.Errorf("reader: %s", f.Cause)
}

func failureOf(err error) failure {
	e := fault.Of(err)
	if e == nil {
		return failure{Cause: cut(err.Error(), 8<<10), Broken: true}
	}
	f := failure{Kind: e.Kind, Reason: e.Reason, Text: e.Text, Broken: broken(err)}
	if cause := errors.Unwrap(e); cause != nil {
		f.Cause = cut(cause.Error(), 8<<10)
	}
	return f
}

// wire writes and reads frames. Writing and reading may happen at the same time, but each in one goroutine.
type wire struct {
	r *bufio.Reader
	w *bufio.Writer
}

func newWire(r io.Reader, w io.Writer) *wire {
	return &wire{r: bufio.NewReaderSize(r, 64<<10), w: bufio.NewWriterSize(w, 64<<10)}
}

// send writes a frame; it isn't under way before flush.
func (c *wire) send(kind frameKind, payload []byte) error {
	var head [5]byte
	head[0] = byte(kind)
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload))) //nolint:gosec // payloads are far below 4 GiB
	if _, err := c.w.Write(head[:]); err != nil {
		return err
	}
	_, err := c.w.Write(payload)
	return err
}

func (c *wire) sendJSON(kind frameKind, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := c.send(kind, payload); err != nil {
		return err
	}
	return c.w.Flush()
}

// receive reads a frame of at most limit bytes. io.EOF means that the other side has ended.
func (c *wire) receive(limit int64) (frameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[1:]))
	if n > limit {
		return 0, nil, errFrame
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return frameKind(head[0]), payload, nil
}

// encodeBlocks encodes blocks: kind, level, page, row, length and text of each.
func encodeBlocks(blocks []text.Block) []byte {
	var to []byte
	for _, b := range blocks {
		to = append(to, byte(b.Kind))
		to = binary.AppendUvarint(to, uint64(max(b.Level, 0))) //nolint:gosec // not negative
		to = binary.AppendUvarint(to, uint64(max(b.Page, 0)))  //nolint:gosec // not negative
		to = binary.AppendUvarint(to, uint64(max(b.Row, 0)))   //nolint:gosec // not negative
		to = binary.AppendUvarint(to, uint64(len(b.Text)))
		to = append(to, b.Text...)
	}
	return to
}

func decodeBlocks(data []byte) ([]text.Block, error) {
	var blocks []text.Block
	number := func(limit uint64) int {
		v, n := binary.Uvarint(data)
		if n <= 0 || v > limit {
			data = nil
			return -1
		}
		data = data[n:]
		return int(v) //nolint:gosec // at most limit
	}
	for len(data) > 0 {
		b := text.Block{Kind: text.Kind(data[0])}
		data = data[1:]
		b.Level, b.Page, b.Row = number(100), number(1<<30), number(1<<40)
		length := number(1 << 32)
		if length < 0 || b.Level < 0 || b.Page < 0 || b.Row < 0 || length > len(data) || b.Kind > text.Code {
			return nil, errFrame
		}
		b.Text = string(data[:length])
		data = data[length:]
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// attachedHead is what stands before the bytes of an attachment: its length in four bytes, then this as JSON.
type attachedHead struct {
	Path, MediaType string
}

func encodeAttachment(a document.Attachment) ([]byte, error) {
	head, err := json.Marshal(attachedHead{a.Path, a.MediaType})
	if err != nil {
		return nil, err
	}
	payload := make([]byte, 4, 4+len(head)+len(a.Data))
	binary.LittleEndian.PutUint32(payload, uint32(len(head))) //nolint:gosec // far below 4 GiB
	return append(append(payload, head...), a.Data...), nil
}

func decodeAttachment(payload []byte) (document.Attachment, error) {
	if len(payload) < 4 {
		return document.Attachment{}, errFrame
	}
	n := int64(binary.LittleEndian.Uint32(payload))
	payload = payload[4:]
	if n > int64(len(payload)) {
		return document.Attachment{}, errFrame
	}
	var head attachedHead
	if err := json.Unmarshal(payload[:n], &head); err != nil {
		return document.Attachment{}, errors.Join(errFrame, err)
	}
	return document.Attachment{Path: head.Path, MediaType: head.MediaType, Data: payload[n:]}, nil
}
