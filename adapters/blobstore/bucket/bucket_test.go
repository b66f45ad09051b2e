package bucket_test

import (
	"testing"

	"gocloud.dev/blob/memblob"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/document"
)

func TestMemoryKeepsTheContractOfBlobs(t *testing.T) {
	t.Parallel()
	coretest.Blobs(t, func(t *testing.T) document.Blobs {
		s := bucket.Memory()
		t.Cleanup(func() { s.Close() })
		return s
	})
}

func TestClosingAStoreLeavesTheBucketOpen(t *testing.T) {
	t.Parallel()
	b := memblob.OpenBucket(nil)
	s := bucket.Open(b)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closing the bucket afterwards: %v", err)
	}
}
