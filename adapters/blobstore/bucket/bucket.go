// Package bucket keeps blobs in memory, or in any bucket that gocloud.dev/blob can open, such as one on S3.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/core/fault"
)

// suffix ends the key of every stored object, as it ends the names of files in a folder: other things in the bucket are left
// alone, and "a" and "a/b" don't collide on servers that keep objects as files.
const suffix = ".blob"

// Backend keeps blobs in a bucket of Go CDK.
type Backend struct {
	b   *blob.Bucket
	own bool // whether closing is up to us

	part, parts int // see Options
}

var _ blobstore.Backend = (*Backend)(nil)

// Options are the settings of a Backend; nil means defaults.
type Options struct {
	// PartBytes is how much of a file goes to the bucket at once. Defaults to what suits the kind of bucket.
	PartBytes int
	// Parts is how many parts of a file are in memory at once. Defaults to what suits the kind of bucket.
	Parts int
}

// New keeps blobs in an open bucket, whose owner the caller stays.
func New(b *blob.Bucket, o *Options) *Backend {
	k := &Backend{b: b}
	if o != nil {
		k.part, k.parts = o.PartBytes, o.Parts
	}
	return k
}

// Open keeps blobs in an open bucket, such as one on S3. The caller keeps owning the bucket and closes it after the
// Store is no longer used. Unfinished multipart uploads of a crashed process are left to a lifecycle rule of the bucket.
func Open(b *blob.Bucket) *blobstore.Store { return blobstore.New(New(b, nil)) }

// Memory keeps blobs in memory, for tests and for programs that keep nothing.
func Memory() *blobstore.Store {
	k := New(memblob.OpenBucket(&memblob.Options{NoMD5: true}), nil)
	k.own = true
	return blobstore.New(k)
}

// Name is the key of the object that a blob is kept as.
func Name(key string) string { return key + suffix }

// Create implements blobstore.Backend.
func (k *Backend) Create(ctx context.Context, key, mediaType string) (blobstore.Writer, error) {
	if _, _, err := mime.ParseMediaType(mediaType); err != nil {
		mediaType = "application/octet-stream"
	}
	ctx, cancel := context.WithCancel(ctx)
	w, err := k.b.NewWriter(ctx, Name(key), &blob.WriterOptions{
		ContentType: mediaType, BufferSize: k.part, MaxConcurrency: k.parts,
	})
	if err != nil {
		cancel()
		return nil, bucketFault(ctx, err)
	}
	return &bucketWriter{ctx: ctx, cancel: cancel, w: w}, nil
}

// Open implements blobstore.Backend.
func (k *Backend) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := k.b.NewReader(ctx, Name(key), nil)
	if err != nil {
		return nil, bucketFault(ctx, err)
	}
	return &bucketReader{ctx: ctx, ReadCloser: r}, nil
}

// Remove implements blobstore.Backend.
func (k *Backend) Remove(ctx context.Context, key string) error {
	err := k.b.Delete(ctx, Name(key))
	if err == nil {
		return nil
	}
	if err := bucketFault(ctx, err); !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// Stale implements blobstore.Backend. It holds one page of the listing in memory, whatever the bucket holds.
func (k *Backend) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
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
		key, ok := strings.CutSuffix(object.Key, suffix)
		if !ok || !blobstore.ValidKey(key) || !object.ModTime.Before(before) {
			continue
		}
		if err := yield(key); err != nil {
			return err
		}
	}
}

// Ping implements blobstore.Backend.
func (k *Backend) Ping(ctx context.Context) error {
	ok, err := k.b.IsAccessible(ctx)
	if err != nil {
		return bucketFault(ctx, err)
	}
	if !ok {
		return fault.Unavailable.Errorf("there is no such bucket")
	}
	return nil
}

// Close implements blobstore.Backend.
func (k *Backend) Close() error {
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

// bucketFault says what an error of a bucket means to a caller. That there is no such bucket, which Go CDK calls not found,
// must not look as if a file were lost.
func bucketFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	var named interface{ ErrorCode() string } // an error of S3
	switch code := gcerrors.Code(err); {
	case errors.As(err, &named) && named.ErrorCode() == "NoSuchBucket":
		return fault.Unavailable.Wrap(err, "the file store has no such bucket")
	case code == gcerrors.NotFound:
		return fault.NotFound.Wrap(err, "there is no such stored file")
	case code == gcerrors.ResourceExhausted:
		return fault.Busy.Wrap(err, "the file store is busy")
	case code == gcerrors.PermissionDenied:
		return fault.Unavailable.Wrap(err, "the file store refuses the access")
	default:
		return fault.Unavailable.Wrap(err, "the file store does not work at the moment")
	}
}
