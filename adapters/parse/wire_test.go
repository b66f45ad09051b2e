package parse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestBlocksSurviveTheWire(t *testing.T) {
	t.Parallel()
	want := []text.Block{
		{Kind: text.Heading, Level: 2, Page: 7, Text: "Título"},
		{Kind: text.Code, Text: "a\n\tb"},
		{},
	}
	got, err := decodeBlocks(encodeBlocks(want))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFramesSurviveTheWire(t *testing.T) {
	t.Parallel()
	var pipe bytes.Buffer
	w := newWire(&pipe, &pipe)
	for _, s := range []string{"one", "", "three"} {
		if err := w.send(frameData, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "", "three"} {
		if kind, got, err := w.receive(5); err != nil || kind != frameData || string(got) != want {
			t.Errorf("receive = %c, %q, %v; want %q", kind, got, err, want)
		}
	}
	if _, _, err := w.receive(5); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

func TestAFrameBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	head := binary.LittleEndian.AppendUint32([]byte{byte(frameBlocks)}, 1<<31)
	if _, _, err := newWire(bytes.NewReader(head), io.Discard).receive(1 << 20); !errors.Is(err, errFrame) {
		t.Errorf("receive: %v, want %v", err, errFrame)
	}
}

func TestFaultsSurviveTheWire(t *testing.T) {
	t.Parallel()
	err := failureOf(outOfMemory(errors.New("the stack"))).err()
	e := fault.Of(err)
	if e == nil || e.Kind != fault.TooLarge || e.Reason != "out_of_memory" || errors.Unwrap(e).Error() != "the stack" {
		t.Errorf("fault = %+v", e)
	}
	wantTransient(t, failureOf(errors.New("internal")).err())
	wantTransient(t, failure{Kind: "nonsense", Text: "from a broken child"}.err())
}

func FuzzDecodeBlocks(f *testing.F) {
	f.Add(encodeBlocks([]text.Block{{Kind: text.Table, Page: 3, Text: "| a |"}}))
	f.Add([]byte{0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		blocks, err := decodeBlocks(data)
		if err != nil {
			return
		}
		again, err := decodeBlocks(encodeBlocks(blocks))
		if diff := cmp.Diff(blocks, again); err != nil || diff != "" {
			t.Errorf("%v (-first +second):\n%s", err, diff)
		}
	})
}
