package s3store

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// backend adds to a bucket what only S3 has.
type backend struct {
	*bucket.Backend
	client *s3.Client
	name   string // of the bucket
	prefix string
	bucket *blob.Bucket
	links  *blob.Bucket // the same bucket as clients reach it
}

var (
	_ blobstore.Backend        = (*backend)(nil)
	_ blobstore.LinkingBackend = (*backend)(nil)
)

// Ping implements blobstore.Backend. A listing of one key needs no other rights than the sweep.
func (b *backend) Ping(ctx context.Context) error {
	_, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: aws.String(b.name), Prefix: aws.String(b.prefix), MaxKeys: aws.Int32(1),
	})
	if err != nil {
		return s3Fault(ctx, err)
	}
	return nil
}

// Stale implements blobstore.Backend. It also gives up uploads in parts that were begun before the time, whose parts take
// space but show in no list. An upload that is going on is younger.
func (b *backend) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
	if err := b.abortUploads(ctx, before); err != nil {
		return err
	}
	return b.Backend.Stale(ctx, before, yield)
}

func (b *backend) abortUploads(ctx context.Context, before time.Time) error {
	pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{
		Bucket: aws.String(b.name), Prefix: aws.String(b.prefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if code(err) == "NotImplemented" { // some servers can't list them, and tidy up by themselves
			return nil
		}
		if err != nil {
			return s3Fault(ctx, err)
		}
		for _, u := range page.Uploads {
			if u.Initiated == nil || !u.Initiated.Before(before) {
				continue
			}
			_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
				Bucket: aws.String(b.name), Key: u.Key, UploadId: u.UploadId,
			})
			if err != nil && code(err) != "NoSuchUpload" {
				return s3Fault(ctx, err)
			}
		}
	}
	return nil
}

// Link implements document.Linker with a presigned address.
func (b *backend) Link(ctx context.Context, key string, l document.Link) (string, error) {
	address, err := b.links.SignedURL(ctx, bucket.Name(key), &blob.SignedURLOptions{
		Method: http.MethodGet, Expiry: l.Life,
		BeforeSign: func(as func(any) bool) error {
			var in *s3.GetObjectInput
			if !as(&in) {
				return errors.New("the bucket is not one of S3")
			}
			in.ResponseContentDisposition = aws.String(l.Disposition)
			in.ResponseContentType = aws.String(harmless(l.MediaType))
			in.ResponseCacheControl = aws.String("private, no-store")
			return nil
		},
	})
	if err != nil {
		return "", s3Fault(ctx, err)
	}
	return address, nil
}

// Close implements blobstore.Backend.
func (b *backend) Close() error {
	if b.links == b.bucket {
		return b.bucket.Close()
	}
	return errors.Join(b.bucket.Close(), b.links.Close())
}

// harmless is the type under which a file is served from a place where no policy of ours protects: never as something that
// a browser would run, even where it ignores that it should save it.
func harmless(mediaType string) string {
	kind, _, err := mime.ParseMediaType(mediaType)
	switch {
	case err != nil, kind == "text/html", strings.HasSuffix(kind, "xml"), strings.Contains(kind, "script"):
		return "application/octet-stream"
	}
	return mediaType
}

// code is what S3 calls an error; "" when it is none of S3.
func code(err error) string {
	var named interface{ ErrorCode() string }
	if errors.As(err, &named) {
		return named.ErrorCode()
	}
	return ""
}

// s3Fault says what an error of a request outside Go CDK means to a caller.
func s3Fault(ctx context.Context, err error) error {
	switch c := code(err); {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	case c == "NoSuchBucket", c == "NotFound":
		return fault.Unavailable.Wrap(err, "the file store has no such bucket")
	case c == "AccessDenied", c == "Forbidden", c == "InvalidAccessKeyId", c == "SignatureDoesNotMatch":
		return fault.Unavailable.Wrap(err, "the file store refuses the access")
	}
	return fault.Unavailable.Wrap(err, "the file store does not work at the moment")
}
