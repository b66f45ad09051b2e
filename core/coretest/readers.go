package coretest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// pattern yields bytes that differ from place to place, without holding them.
type pattern struct {
	left   int
	at     int
	widest int // the most that one Read was asked for
}

// Read implements io.Reader.
func (p *pattern) Read(b []byte) (int, error) {
	p.widest = max(p.widest, len(b))
	if p.left == 0 {
		return 0, io.EOF
	}
	b = b[:min(len(b), p.left)]
	for i := range b {
		b[i] = byte((p.at + i) * 31 >> 4)
	}
	p.at += len(b)
	p.left -= len(b)
	return len(b), nil
}

// failing is a reader that only fails.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calling is an empty reader that calls a function when it is read.
type calling func()

// Read implements io.Reader.
func (c calling) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

// sameBytes returns an error unless both yield the same.
func sameBytes(got, want io.Reader) error {
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := 0; ; {
		n, err := io.ReadFull(got, a)
		m, _ := io.ReadFull(want, b)
		switch ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); {
		case err != nil && !ended:
			return err
		case !bytes.Equal(a[:n], b[:m]):
			return fmt.Errorf("bytes differ between %d and %d", at, at+max(n, m))
		case ended:
			return nil
		}
		at += n
	}
}
