// Package blobstore keeps the bytes of files in a folder, or in any other Backend; package bucket below it has one for
// memory and for whatever gocloud.dev/blob can open.
//
// A folder is written by this package itself, because an accepted upload must survive a power cut and fileblob of Go CDK
// does not flush what it writes. An embedder who wants a folder links nothing else.
package blobstore

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
)

// copySize is how much of a file is in memory while it is stored, in bytes.
const copySize = 128 << 10

// Store is a document.Blobs. It is safe for concurrent use.
//
// Overwriting is atomic: readers see the old bytes or the new ones.
type Store struct{ backend Backend }

var (
	_ document.Blobs  = (*Store)(nil)
	_ document.Linker = (*Store)(nil)
)

// New makes a Store of a place for blobs. Closing the Store closes the place.
func New(b Backend) *Store { return &Store{b} }

// Backend is a place for blobs: what differs between a folder and a bucket. Keys that reach it are valid. Its errors have
// their kinds already, or end in that of ctx. It is safe for concurrent use.
type Backend interface {
	// Create begins a blob.
	Create(ctx context.Context, key, mediaType string) (Writer, error)
	// Open reads a blob; fault.NotFound when there is none.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Remove deletes a blob; one that isn't there is no error.
	Remove(ctx context.Context, key string) error
	// Stale is Store.Stale.
	Stale(ctx context.Context, before time.Time, yield func(key string) error) error
	// Ping reports whether the place can be used.
	Ping(ctx context.Context) error
	// Close releases what the place holds.
	Close() error
}

// LinkingBackend is an optional ability of a Backend: document.Linker.
type LinkingBackend interface {
	Link(ctx context.Context, key string, l document.Link) (string, error)
}

// Writer collects a blob that nobody sees before Commit. After Commit, Discard does nothing.
type Writer interface {
	io.Writer
	Commit() error
	Discard()
}

// Put stores everything that r yields under the key, holding little of it in memory, and returns how many bytes that were.
// An error of r is returned as it is. fault.Invalid when the key is malformed, fault.Unavailable when storing goes wrong.
func (s *Store) Put(ctx context.Context, key, mediaType string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	w, err := s.backend.Create(ctx, key, mediaType)
	if err != nil {
		return 0, err
	}
	defer w.Discard()

	src := &source{ctx: ctx, r: r}
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, src, make([]byte, copySize))
	if src.err != nil {
		return 0, src.err
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	if err := w.Commit(); err != nil {
		return 0, err
	}
	return n, nil
}

// Open reads a blob. fault.NotFound when there is none, fault.Invalid when the key is malformed. The caller closes it.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	return s.backend.Open(ctx, key)
}

// Delete removes a blob; removing one that isn't there is no error. fault.Invalid when the key is malformed.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return s.backend.Remove(ctx, key)
}

// Stale calls yield with the keys of blobs last written before the given time, until yield returns an error, which it
// returns. yield may delete the blob that it is told of. In a folder, Stale also removes what writers that crashed before
// that time left behind.
func (s *Store) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list blobs: %w", err)
	}
	return s.backend.Stale(ctx, before, yield)
}

// Link implements document.Linker: "" when the place isn't one that clients can reach.
func (s *Store) Link(ctx context.Context, key string, l document.Link) (string, error) {
	b, ok := s.backend.(LinkingBackend)
	if !ok {
		return "", nil
	}
	if err := checkKey(key); err != nil {
		return "", err
	}
	return b.Link(ctx, key, l)
}

// Ping reports whether the place answers: an error of kind fault.Unavailable when it doesn't.
func (s *Store) Ping(ctx context.Context) error { return s.backend.Ping(ctx) }

// Close releases what the Store opened. A bucket that was handed to package bucket stays open.
func (s *Store) Close() error { return s.backend.Close() }

// source reads from r until ctx ends, and keeps the error of r apart from those of the writer.
type source struct {
	ctx context.Context //nolint:containedctx // lives as long as one call of Put
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
