package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/blobstore/s3store"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

func options(s *servers.S3, bucket string) s3store.Options {
	return s3store.Options{
		Bucket: bucket, Endpoint: s.Endpoint, Region: servers.Region, AccessKey: servers.AccessKey, SecretKey: servers.SecretKey,
	}
}

func open(t *testing.T, o s3store.Options) *blobstore.Store {
	t.Helper()
	b, err := s3store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

func put(t *testing.T, b *blobstore.Store, key, body string) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, "text/plain", strings.NewReader(body)); err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
}

func TestS3KeepsTheContractOfBlobs(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	coretest.Blobs(t, func(t *testing.T) document.Blobs { return open(t, options(server, server.Bucket(t))) })
}

func TestStoresWithPrefixesShareABucketWithoutSeeingEachOther(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	o := options(server, server.Bucket(t))
	o.Prefix = "one/"
	one := open(t, o)
	o.Prefix = "two/"
	two := open(t, o)
	put(t, one, "k", "1")
	put(t, two, "k", "2")
	var seen []string
	err := one.Stale(t.Context(), time.Now().Add(time.Hour), func(key string) error {
		seen = append(seen, key)
		return one.Delete(t.Context(), key)
	})
	if err != nil || !slices.Equal(seen, []string{"k"}) {
		t.Errorf("Stale() = %q, %v, want the key of the one store", seen, err)
	}
	r, err := two.Open(t.Context(), "k")
	if err != nil {
		t.Fatalf("the blob of the other store: %v", err)
	}
	_ = r.Close()
}

// Nothing must stay that takes space and shows in no list.
func TestAnUploadThatFailsLeavesNoParts(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	name := server.Bucket(t)
	b := open(t, options(server, name))
	broken := errors.New("the line broke")
	body := io.MultiReader(bytes.NewReader(make([]byte, 12<<20)), failing{broken})
	if _, err := b.Put(t.Context(), "k", "text/plain", body); !errors.Is(err, broken) {
		t.Errorf("Put() error = %v, want that of the reader", err)
	}
	if left := uploads(t, server, name); len(left) != 0 {
		t.Errorf("uploads in parts that are left: %q", left)
	}
}

func TestUploadsInPartsOfCrashedWritersAreGivenUp(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	name := server.Bucket(t)
	b := open(t, options(server, name))
	_, err := server.Client().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: aws.String(name), Key: aws.String("originals/x.blob"),
	})
	if err != nil {
		t.Fatal(err)
	}
	none := func(key string) error { return fmt.Errorf("there is a blob %s", key) }
	if err := b.Stale(t.Context(), time.Now().Add(-time.Hour), none); err != nil {
		t.Fatal(err)
	}
	if left := uploads(t, server, name); len(left) != 1 {
		t.Errorf("uploads in parts: %q, want the young one to stay", left)
	}
	if err := b.Stale(t.Context(), time.Now().Add(time.Hour), none); err != nil {
		t.Fatal(err)
	}
	if left := uploads(t, server, name); len(left) != 0 {
		t.Errorf("uploads in parts that are left: %q", left)
	}
}

func TestALinkServesTheBlobAsAFileToSave(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	b := open(t, options(server, server.Bucket(t)))
	put(t, b, "k", "<script>alert(1)</script>")
	link, err := b.Link(t.Context(), "k", document.Link{
		Life: time.Minute, MediaType: "text/html; charset=utf-8", Disposition: `attachment; filename="a \"b\".html"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := get(t, link)
	if r.status != http.StatusOK || r.body != "<script>alert(1)</script>" {
		t.Errorf("GET = %d %q, want the blob", r.status, r.body)
	}
	if got := r.header.Get("Content-Disposition"); got != `attachment; filename="a \"b\".html"` {
		t.Errorf("Content-Disposition: %s", got)
	}
	if got := r.header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("Content-Type: %s, want one that no browser runs", got)
	}
	if r := get(t, strings.Replace(link, "/k.blob", "/other.blob", 1)); r.status != http.StatusForbidden {
		t.Errorf("GET of another blob with the link's signature = %d, want 403", r.status)
	}
}

func TestLinksLeadToThePublicEndpoint(t *testing.T) {
	t.Parallel()
	b := open(t, s3store.Options{
		Bucket: "b", Endpoint: "http://s3.internal:9000", PublicEndpoint: "https://files.example.com", AccessKey: "a", SecretKey: "s",
	})
	link, err := b.Link(t.Context(), "k", document.Link{Life: time.Minute})
	if err != nil || !strings.HasPrefix(link, "https://files.example.com/b/k.blob?") {
		t.Errorf("Link() = %s, %v", link, err)
	}
}

func TestARefusingStoreIsUnavailableAndNeverNotFound(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	name := server.Bucket(t)
	wrongKey, noBucket := options(server, name), options(server, "no-such-bucket")
	wrongKey.SecretKey = "wrong"
	gone := options(server, name)
	gone.Endpoint, gone.Attempts = "http://127.0.0.1:1", 1
	for what, o := range map[string]s3store.Options{"a wrong key": wrongKey, "no bucket": noBucket, "no server": gone} {
		b := open(t, o)
		_, opening := b.Open(t.Context(), "k")
		_, putting := b.Put(t.Context(), "k", "text/plain", strings.NewReader("x"))
		for call, err := range map[string]error{
			"Ping": b.Ping(t.Context()), "Open": opening, "Put": putting,
			"Stale": b.Stale(t.Context(), time.Now(), func(string) error { return nil }),
		} {
			if !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s: %s() error = %v, want fault.Unavailable", what, call, err)
			}
		}
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // connections wait in its queue
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	b := open(t, s3store.Options{
		Bucket: "b", Endpoint: "http://" + silent.Addr().String(), AccessKey: "a", SecretKey: "s", Attempts: 2, Silence: 50 * time.Millisecond,
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Ping(ctx); !errors.Is(err, fault.Unavailable) {
		t.Errorf("Ping() error = %v, want fault.Unavailable", err)
	}
}

func TestABucketIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	o := options(server, "made-by-us")
	for range 2 {
		if err := s3store.MakeBucket(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(t, o).Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	o.SecretKey, o.Bucket = "wrong", "another"
	if err := s3store.MakeBucket(t.Context(), o); !errors.Is(err, fault.Unavailable) {
		t.Errorf("with a wrong key: %v, want fault.Unavailable", err)
	}
}

func TestMistakenOptionsAreInvalid(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]s3store.Options{
		"no bucket":          {},
		"half a key":         {Bucket: "b", AccessKey: "a"},
		"an endpoint's name": {Bucket: "b", Endpoint: "minio:9000"},
	} {
		if _, err := s3store.Open(t.Context(), o); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: Open() error = %v, want fault.Invalid", what, err)
		}
	}
}

// A listing has pages of a thousand keys; removing while it goes on must neither end it early nor repeat it.
func TestASweepGoesThroughManyPages(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2_500
	}
	server := servers.StartS3(t)
	b := open(t, options(server, server.Bucket(t)))
	var putting sync.WaitGroup
	for first := range 16 {
		putting.Go(func() {
			for i := first; i < n; i += 16 {
				if _, err := b.Put(t.Context(), fmt.Sprintf("originals/w/%06d", i), "text/plain", strings.NewReader("x")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	putting.Wait()
	soon := time.Now().Add(time.Hour)
	seen := map[string]int{}
	sweep := func(remove bool) {
		clear(seen)
		err := b.Stale(t.Context(), soon, func(key string) error {
			seen[key]++
			if remove && !strings.HasSuffix(key, "0") {
				return b.Delete(t.Context(), key)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sweep(true)
	if len(seen) != n {
		t.Errorf("the first sweep saw %d blobs, want %d", len(seen), n)
	}
	sweep(true)
	if len(seen) != n/10 {
		t.Errorf("the second sweep saw %d blobs, want the %d that stayed", len(seen), n/10)
	}
	for key, times := range seen {
		if times != 1 {
			t.Errorf("%s was seen %d times", key, times)
		}
	}
}

func uploads(t *testing.T, s *servers.S3, bucket string) []string {
	t.Helper()
	page, err := s.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, u := range page.Uploads {
		keys = append(keys, aws.ToString(u.Key))
	}
	return keys
}

// got is a response that was read to its end.
type got struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, url string) got {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{res.StatusCode, res.Header, string(body)}
}

// failing is a reader that fails.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
