package e2e

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// fetch gets what is at an address that isn't of the API.
func fetch(t *testing.T, address string) reply {
	t.Helper()
	res, err := direct.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, body}
}

func TestAnOriginalOnS3IsFetchedThereByThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	bucket := server.Bucket(t)
	s := start(t, append(server.Env(bucket), "S3_LINK_SECONDS=60")...)
	admin := s.admin(t)
	l := admin.library(t, "on S3")
	f := testdata(t, "handbook-en.pdf")
	id := l.upload(t, f).DocumentID
	l.ready(t, id)

	download := l.documentPath(id, "/download")
	r := admin.do(t, "GET", download, nil)
	address := r.header.Get("Location")
	if r.status != http.StatusFound || !strings.HasPrefix(address, server.Endpoint) {
		t.Fatalf("GET %s = %d to %q, want 302 to the S3 server", download, r.status, address)
	}
	if r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an address that is a secret may be cached: %v", r.header)
	}
	got := fetch(t, address)
	if got.status != http.StatusOK || !bytes.Equal(got.body, f.content) {
		t.Errorf("GET of the address = %d with %d bytes, want the %d of the upload", got.status, len(got.body), len(f.content))
	}
	if _, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition")); err != nil || params["filename"] != f.name {
		t.Errorf("it is saved as %q, want %s", got.header.Get("Content-Disposition"), f.name)
	}

	stranger := newEmployee(t, admin, "stranger@example.com").client
	for who, c := range map[string]*client{"a stranger": stranger, "nobody": s.anybody()} {
		if r := c.do(t, "GET", download, nil); r.status < 400 || r.header.Get("Location") != "" {
			t.Errorf("GET %s as %s = %d to %q", download, who, r.status, r.header.Get("Location"))
		}
	}

	l.delete(t, id) // what was deleted is kept for a day, but for nobody to see
	if r := admin.do(t, "GET", download, nil); r.status != http.StatusNotFound || r.header.Get("Location") != "" {
		t.Errorf("GET of what is deleted = %d to %q", r.status, r.header.Get("Location"))
	}
}

func TestWhileTheBlobStoreIsDownNothingIsAcceptedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	server := servers.StartS3(t)
	w := newWorld(t, append(server.Env(server.Bucket(t)), "S3_TIMEOUT=2s")...)
	s := w.http(t, "WORKERS=0").endures()
	l := s.admin(t).library(t, "down")
	id := l.upload(t, testdata(t, "handbook-en.pdf")).DocumentID

	server.Stop(t)
	if r := l.do(t, "GET", "/readyz", nil); r.status != http.StatusServiceUnavailable ||
		!bytes.Contains(r.body, []byte(`"blobs":"disconnected"`)) {
		t.Errorf("GET /readyz = %d: %s, want it to name the blob store", r.status, r.body)
	}
	r, err := l.send(t, l.form(t, testdata(t, "manual-es.pdf")))
	if err != nil {
		t.Fatal(err)
	}
	if r.status != http.StatusServiceUnavailable {
		t.Errorf("an upload = %d: %s, want 503", r.status, r.body)
	}
	if bytes.Contains(r.body, []byte(server.Endpoint)) || bytes.Contains(r.body, []byte(servers.AccessKey)) {
		t.Errorf("the problem tells how the store is reached: %s", r.body)
	}

	server.Start(t)
	w.worker(t)
	if d := l.ready(t, id); d.PageCount != 24 {
		t.Errorf("what was accepted before is %+v", d)
	}
	if n := len(l.all(t, nil)); n != 1 {
		t.Errorf("there are %d documents, want the one that was accepted", n)
	}
}
