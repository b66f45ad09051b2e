package adapters

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/blobstore/s3store"
	"github.com/ragcorp/ragcorp/core/fault"
)

// OpenBlobs opens the blob store that BLOB_URL names:
//
//	file:PATH                 a folder
//	s3://BUCKET[/PREFIX]      a bucket on a server that speaks S3; the S3_* settings say where, or ?endpoint=URL&region=REGION
//	mem:                      in memory, gone with the process
func OpenBlobs(ctx context.Context, c Config) (*blobstore.Store, func(), error) {
	s, err := openBlobs(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil // see OpenStore
}

func openBlobs(ctx context.Context, c Config) (*blobstore.Store, error) {
	scheme, rest, _ := strings.Cut(c.Data.BlobURL, ":")
	switch scheme {
	case "file":
		return blobstore.Dir(filepath.FromSlash(strings.TrimPrefix(rest, "//")))
	case "s3":
		o, err := s3Options(c)
		if err != nil {
			return nil, err
		}
		return s3store.Open(ctx, o)
	case "mem":
		return bucket.Memory(), nil
	}
	return nil, unknownScheme("BLOB_URL", "file:, s3:, mem:")
}

// MakeBucket makes the bucket that BLOB_URL names, unless it is there or BLOB_URL names none.
func MakeBucket(ctx context.Context, c Config) error {
	if !strings.HasPrefix(c.Data.BlobURL, "s3:") {
		return nil
	}
	o, err := s3Options(c)
	if err != nil {
		return err
	}
	return s3store.MakeBucket(ctx, o)
}

// s3Options puts together what BLOB_URL and the S3_* settings say; the URL wins.
func s3Options(c Config) (s3store.Options, error) {
	u, err := url.Parse(c.Data.BlobURL)
	if err != nil || u.Host == "" || u.User != nil {
		return s3store.Options{}, fault.Invalid.Errorf("BLOB_URL must be s3://BUCKET[/PREFIX][?endpoint=URL&region=REGION]")
	}
	o := s3store.Options{
		Bucket: u.Host, Endpoint: c.S3.Endpoint, PublicEndpoint: c.S3.Public, Region: c.S3.Region,
		AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey, VirtualHost: !c.S3.PathStyle, Silence: c.S3.Timeout,
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		o.Prefix = prefix + "/"
	}
	for name, values := range u.Query() {
		switch name {
		case "endpoint":
			o.Endpoint = values[0]
		case "region":
			o.Region = values[0]
		default:
			return s3store.Options{}, fmt.Errorf("BLOB_URL: %w", fault.Invalid.Errorf("%s is none of endpoint, region", name))
		}
	}
	return o, nil
}
