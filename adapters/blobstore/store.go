// Package blobstore keeps the bytes of files: in a folder, in memory, or in any bucket that gocloud.dev/blob can open.
//
// A folder is written by this package itself, because an accepted upload must survive a power cut and fileblob of Go CDK
// does not flush what it writes. Code that speaks to S3 is not linked in; whoever wants it opens the bucket and calls Bucket.
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
type Store struct{ backend backend }

var _ document.Blobs = (*Store)(nil)

// backend is what differs between a folder and a bucket. Keys are valid; errors are faults already, or end in that of ctx.
type backend interface {
	create(ctx context.Context, key, mediaType string) (writer, error)
	open(ctx context.Context, key string) (io.ReadCloser, error)
	remove(ctx context.Context, key string) error
	stale(ctx context.Context, before time.Time, yield func(key string) error) error
	close() error
}

// writer collects a blob that nobody sees before commit. After commit, discard does nothing.
type writer interface {
	io.Writer
	commit() error
	discard()
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
	w, err := s.backend.create(ctx, key, mediaType)
	if err != nil {
		return 0, err
	}
	defer w.discard()

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
	if err := w.commit(); err != nil {
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
	return s.backend.open(ctx, key)
}

// Delete removes a blob; removing one that isn't there is no error. fault.Invalid when the key is malformed.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return s.backend.remove(ctx, key)
}

// Stale calls yield with the keys of blobs last written before the given time, until yield returns an error, which it
// returns. yield may delete the blob that it is told of. In a folder, Stale also removes what writers that crashed before
// that time left behind.
func (s *Store) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list blobs: %w", err)
	}
	return s.backend.stale(ctx, before, yield)
}

// Close releases what the Store opened. A bucket that was handed to Bucket stays open.
func (s *Store) Close() error { return s.backend.close() }

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
