// Package bucket keeps blobs in memory, or in any bucket that gocloud.dev/blob can open, such as one on S3.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/core/fault"
)

// bucket keeps blobs in a bucket of Go CDK.
type bucket struct {
	b   *blob.Bucket
	own bool // whether closing is up to us
}

var _ blobstore.Backend = (*bucket)(nil)

// Open keeps blobs in an open bucket, such as one on S3. The caller keeps owning the bucket and closes it after the
// Store is no longer used. Unfinished multipart uploads of a crashed process are left to a lifecycle rule of the bucket.
func Open(b *blob.Bucket) *blobstore.Store { return blobstore.New(&bucket{b: b}) }

// Memory keeps blobs in memory, for tests and for programs that keep nothing.
func Memory() *blobstore.Store {
	return blobstore.New(&bucket{b: memblob.OpenBucket(&memblob.Options{NoMD5: true}), own: true})
}

func (k *bucket) Create(ctx context.Context, key, mediaType string) (blobstore.Writer, error) {
	if _, _, err := mime.ParseMediaType(mediaType); err != nil {
		mediaType = "application/octet-stream"
	}
	ctx, cancel := context.WithCancel(ctx)
	w, err := k.b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: mediaType})
	if err != nil {
		cancel()
		return nil, bucketFault(ctx, err)
	}
	return &bucketWriter{ctx: ctx, cancel: cancel, w: w}, nil
}

func (k *bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := k.b.NewReader(ctx, key, nil)
	if err != nil {
		return nil, bucketFault(ctx, err)
	}
	return &bucketReader{ctx: ctx, ReadCloser: r}, nil
}

func (k *bucket) Remove(ctx context.Context, key string) error {
	err := k.b.Delete(ctx, key)
	if err == nil || gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return bucketFault(ctx, err)
}

func (k *bucket) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
	for it := k.b.List(nil); ; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		object, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bucketFault(ctx, err)
		}
		if !blobstore.ValidKey(object.Key) || !object.ModTime.Before(before) {
			continue
		}
		if err := yield(object.Key); err != nil {
			return err
		}
	}
}

func (k *bucket) Close() error {
	if !k.own {
		return nil
	}
	return k.b.Close()
}

// bucketWriter is an upload. Ending its context before closing it is how Go CDK gives an upload up.
type bucketWriter struct {
	ctx    context.Context //nolint:containedctx // lives as long as one call of Put
	cancel context.CancelFunc
	w      *blob.Writer
	closed bool
}

// Write implements io.Writer.
func (w *bucketWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		return n, bucketFault(w.ctx, err)
	}
	return n, nil
}

func (w *bucketWriter) Commit() error {
	defer w.cancel()
	w.closed = true
	if err := w.w.Close(); err != nil {
		return bucketFault(w.ctx, err)
	}
	return nil
}

func (w *bucketWriter) Discard() {
	w.cancel()
	if !w.closed {
		_ = w.w.Close() // says that the context ended, which is the point
	}
}

// bucketReader gives errors of a download their kind.
type bucketReader struct {
	ctx context.Context //nolint:containedctx // the download itself is bound to it
	io.ReadCloser
}

// Read implements io.Reader.
func (r *bucketReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		return n, bucketFault(r.ctx, err)
	}
	return n, err
}

// bucketFault says what an error of a bucket means to a caller.
func bucketFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return fault.NotFound.Wrap(err, "there is no such stored file")
	case gcerrors.ResourceExhausted:
		return fault.Busy.Wrap(err, "the file store is busy")
	default:
		return fault.Unavailable.Wrap(err, "the file store does not work at the moment")
	}
}
