// Package s3store keeps blobs in a bucket of a server that speaks S3: Amazon's, or one of one's own such as Ceph, Garage,
// SeaweedFS or MinIO. A file passes in parts of a few MiB, both ways, so memory stays small whatever its size.
package s3store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Options say where a bucket is and how to talk to its server.
type Options struct {
	// Bucket is its name; required. It must exist.
	Bucket string
	// Prefix is put before every key, such as "ragcorp/". Defaults to none.
	Prefix string
	// Endpoint is the server's URL. Defaults to Amazon's for the region.
	Endpoint string
	// PublicEndpoint is the server's URL as clients reach it, for links. Defaults to Endpoint.
	PublicEndpoint string
	// Region is where the bucket is. Defaults to what the environment of the AWS SDK says, else us-east-1.
	Region string
	// AccessKey and SecretKey prove who we are. Without them the AWS SDK looks for credentials where it always does: its
	// variables, its files, the role of the machine.
	AccessKey, SecretKey string
	// VirtualHost puts the bucket's name into the host name also when there is an Endpoint. Defaults to the path, which
	// every server understands.
	VirtualHost bool
	// Attempts is how often a request is tried. Defaults to 4.
	Attempts int
	// Silence is how long the server may be silent, in the middle of a transfer too. Defaults to 30 s.
	Silence time.Duration
}

func (o Options) withDefaults() Options {
	if o.Attempts <= 0 {
		o.Attempts = 4
	}
	if o.Silence <= 0 {
		o.Silence = 30 * time.Second
	}
	return o
}

const (
	partBytes    = 5 << 20 // the least that S3 takes; 10,000 of them make 50 GB
	partsAtOnce  = 2
	slowestRetry = 5 * time.Second
	usualRegion  = "us-east-1" // what servers of one's own call theirs
)

// Open opens a bucket. It makes no request: Ping tells whether the bucket is there. fault.Invalid when the options can't be
// right. The caller closes the Store.
func Open(ctx context.Context, o Options) (*blobstore.Store, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	cfg, err := o.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("configure S3: %w", err)
	}
	client := s3.NewFromConfig(cfg, o.at(o.Endpoint))
	b, err := openBucket(ctx, client, o, cfg.RequestChecksumCalculation)
	if err != nil {
		return nil, err
	}
	links := b
	if o.PublicEndpoint != "" {
		links, err = openBucket(ctx, s3.NewFromConfig(cfg, o.at(o.PublicEndpoint)), o, cfg.RequestChecksumCalculation)
		if err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return blobstore.New(&backend{
		Backend: bucket.New(b, &bucket.Options{PartBytes: partBytes, Parts: partsAtOnce}),
		client:  client, name: o.Bucket, prefix: o.Prefix, bucket: b, links: links,
	}), nil
}

// MakeBucket makes the bucket, unless it is there already. fault.Unavailable when the server refuses.
func MakeBucket(ctx context.Context, o Options) error {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return err
	}
	cfg, err := o.config(ctx)
	if err != nil {
		return fmt.Errorf("configure S3: %w", err)
	}
	client := s3.NewFromConfig(cfg, o.at(o.Endpoint))
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(o.Bucket)}); err == nil {
		return nil
	}
	in := &s3.CreateBucketInput{Bucket: aws.String(o.Bucket)}
	if cfg.Region != usualRegion { // which Amazon wants not to be named
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(cfg.Region)}
	}
	if _, err := client.CreateBucket(ctx, in); err != nil && code(err) != "BucketAlreadyOwnedByYou" {
		return s3Fault(ctx, err)
	}
	return nil
}

func (o Options) validate() error {
	switch {
	case o.Bucket == "":
		return fault.Invalid.Errorf("the name of the bucket is missing")
	case (o.AccessKey == "") != (o.SecretKey == ""):
		return fault.Invalid.Errorf("an access key and a secret key go together")
	}
	for _, endpoint := range []string{o.Endpoint, o.PublicEndpoint} {
		if endpoint != "" && !strings.HasPrefix(endpoint, "http://") && !strings.HasPrefix(endpoint, "https://") {
			return fault.Invalid.Errorf("the endpoint of an S3 server must be a URL with http or https")
		}
	}
	return nil
}

// config is what all clients have in common. Checksums that only newer servers know are left out unless S3 demands them.
func (o Options) config(ctx context.Context) (aws.Config, error) {
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(newClient(o.Silence)), config.WithDefaultRegion(usualRegion),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = o.Attempts, slowestRetry })
		}),
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, "")))
	}
	return config.LoadDefaultConfig(ctx, load...)
}

// at points a client to an endpoint; an empty one is Amazon's.
func (o Options) at(endpoint string) func(*s3.Options) {
	return func(c *s3.Options) {
		if endpoint != "" {
			c.BaseEndpoint, c.UsePathStyle = aws.String(endpoint), !o.VirtualHost
		}
	}
}

func openBucket(ctx context.Context, c *s3.Client, o Options, sums aws.RequestChecksumCalculation) (*blob.Bucket, error) {
	b, err := s3blob.OpenBucket(ctx, c, o.Bucket, &s3blob.Options{RequestChecksumCalculation: sums})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", o.Bucket, err)
	}
	if o.Prefix != "" {
		b = blob.PrefixedBucket(b, o.Prefix)
	}
	return b, nil
}
