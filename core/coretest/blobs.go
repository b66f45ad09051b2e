package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Blobs checks that a store of files keeps the contract of document.Blobs. open returns an empty store and closes it when
// the test ends.
func Blobs(t *testing.T, open func(t *testing.T) document.Blobs) {
	t.Helper()
	cases := []struct {
		name  string
		check func(t *testing.T, b document.Blobs)
	}{
		{"a blob comes back as it was put", putAndOpen},
		{"an empty blob is a blob", putEmpty},
		{"64 MiB stream through a small buffer", putLarge},
		{"a blob may lie below another", putBelow},
		{"putting again replaces the bytes", putAgain},
		{"a reader keeps its bytes while they are replaced", replaceWhileRead},
		{"a failing reader leaves nothing and its error is returned", putFailing},
		{"a failing overwrite leaves the former bytes", putAgainFailing},
		{"cancelling while putting leaves nothing", putCancelled},
		{"putting with an ended context leaves nothing", putEnded},
		{"concurrent puts of different keys all last", putConcurrently},
		{"concurrent puts of one key leave one of them whole", putSameConcurrently},
		{"opening a missing blob is not found", openMissing},
		{"deleting twice is no error", deleteTwice},
		{"malformed keys are refused", refuseKeys},
		{"only old blobs are stale", staleOnly},
		{"a blob may be deleted when it is listed as stale", staleDelete},
		{"listing stops at the first error of yield and returns it", staleStops},
		{"listing stops when the context ends", staleCancelled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, open(t))
		})
	}
}

func putAndOpen(t *testing.T, b document.Blobs) {
	want := []byte("line\r\n\x00\xff end")
	put(t, b, "ws-1/doc-2/original", want)
	if diff := cmp.Diff(want, read(t, b, "ws-1/doc-2/original")); diff != "" {
		t.Errorf("Open() differs (-want +got):\n%s", diff)
	}
}

func putEmpty(t *testing.T, b document.Blobs) {
	put(t, b, "empty", nil)
	if got := read(t, b, "empty"); len(got) != 0 {
		t.Errorf("Open() = %q, want nothing", got)
	}
}

// putLarge can't look into the store's memory; that no Read is asked for much at once is what it can see.
func putLarge(t *testing.T, b document.Blobs) {
	const size = 64 << 20
	src := &pattern{left: size}
	n, err := b.Put(t.Context(), "large", "application/octet-stream", src)
	if err != nil || n != size {
		t.Fatalf("Put() = %d, %v, want %d, nil", n, err, size)
	}
	if limit := 8 << 20; src.widest > limit {
		t.Errorf("Put read %d bytes at once, want at most %d", src.widest, limit)
	}
	r, err := b.Open(t.Context(), "large")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	if err := sameBytes(r, &pattern{left: size}); err != nil {
		t.Error(err)
	}
}

func putBelow(t *testing.T, b document.Blobs) {
	put(t, b, "a", []byte("upper"))
	put(t, b, "a/b", []byte("lower"))
	if got := string(read(t, b, "a")) + " " + string(read(t, b, "a/b")); got != "upper lower" {
		t.Errorf("Open() = %q, want %q", got, "upper lower")
	}
}

func putAgain(t *testing.T, b document.Blobs) {
	put(t, b, "k", []byte("a longer first version"))
	put(t, b, "k", []byte("second"))
	if got := string(read(t, b, "k")); got != "second" {
		t.Errorf("Open() = %q, want %q", got, "second")
	}
}

func replaceWhileRead(t *testing.T, b document.Blobs) {
	put(t, b, "k", []byte("first"))
	r, err := b.Open(t.Context(), "k")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	put(t, b, "k", []byte("other"))
	if got, err := io.ReadAll(r); err != nil || string(got) != "first" {
		t.Errorf("reading the former blob = %q, %v, want %q", got, err, "first")
	}
}

func putFailing(t *testing.T, b document.Blobs) {
	broken := errors.New("the line broke")
	r := io.MultiReader(&pattern{left: 1 << 20}, failing{broken})
	//nolint:errorlint // the contract is the error itself, not one that wraps it
	if _, err := b.Put(t.Context(), "k", "text/plain", r); err != broken {
		t.Errorf("Put() error = %v, want that of the reader as it is", err)
	}
	wantMissing(t, b, "k")
}

func putAgainFailing(t *testing.T, b document.Blobs) {
	put(t, b, "k", []byte("first"))
	r := io.MultiReader(&pattern{left: 1 << 20}, failing{errors.New("the line broke")})
	if _, err := b.Put(t.Context(), "k", "text/plain", r); err == nil {
		t.Error("Put() succeeded with a failing reader")
	}
	if got := string(read(t, b, "k")); got != "first" {
		t.Errorf("Open() = %q, want %q", got, "first")
	}
}

func putCancelled(t *testing.T, b document.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := io.MultiReader(&pattern{left: 1 << 20}, calling(cancel), &pattern{left: 1 << 20})
	if _, err := b.Put(ctx, "k", "text/plain", r); !errors.Is(err, context.Canceled) {
		t.Errorf("Put() error = %v, want context.Canceled", err)
	}
	wantMissing(t, b, "k")

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if _, err := b.Put(ctx, "k", "text/plain", io.MultiReader(&pattern{left: 10}, calling(cancel))); !errors.Is(err, context.Canceled) {
		t.Errorf("Put() cancelled at the very end: error = %v, want context.Canceled", err)
	}
	wantMissing(t, b, "k")
}

func putEnded(t *testing.T, b document.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Put(ctx, "k", "text/plain", bytes.NewReader([]byte("x"))); !errors.Is(err, context.Canceled) {
		t.Errorf("Put() error = %v, want context.Canceled", err)
	}
	wantMissing(t, b, "k")
}

func putConcurrently(t *testing.T, b document.Blobs) {
	const n = 16
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := b.Put(t.Context(), fmt.Sprintf("shared/%d/x", i%4*100+i), "text/plain", bytes.NewReader([]byte{byte(i)})); err != nil {
				t.Errorf("Put: %v", err)
			}
		})
	}
	wg.Wait()
	for i := range n {
		if got := read(t, b, fmt.Sprintf("shared/%d/x", i%4*100+i)); !bytes.Equal(got, []byte{byte(i)}) {
			t.Errorf("blob %d = %v, want [%d]", i, got, i)
		}
	}
}

func putSameConcurrently(t *testing.T, b document.Blobs) {
	const size = 300_000
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := b.Put(t.Context(), "k", "text/plain", bytes.NewReader(bytes.Repeat([]byte{byte(i)}, size))); err != nil {
				t.Errorf("Put: %v", err)
			}
		})
	}
	wg.Wait()
	got := read(t, b, "k")
	if len(got) != size || !bytes.Equal(got, bytes.Repeat(got[:1], size)) {
		t.Errorf("Open() = %d bytes that are a mixture, want %d of one writer", len(got), size)
	}
}

func openMissing(t *testing.T, b document.Blobs) {
	put(t, b, "there/file", nil)
	for _, key := range []string{"nowhere", "there", "there/other", "there/file/below"} {
		wantMissing(t, b, key)
	}
}

func deleteTwice(t *testing.T, b document.Blobs) {
	put(t, b, "ws/k", []byte("x"))
	for range 2 {
		if err := b.Delete(t.Context(), "ws/k"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if err := b.Delete(t.Context(), "never/was"); err != nil {
		t.Errorf("Delete of what never was: %v", err)
	}
	wantMissing(t, b, "ws/k")
}

func refuseKeys(t *testing.T, b document.Blobs) {
	keys := []string{
		"", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/./b", "A", "a.b", "a b", `a\b`, "c:a", "ñ", "a\x00", "a\n",
		string(bytes.Repeat([]byte("a"), 2000)),
	}
	for _, key := range keys {
		if _, err := b.Put(t.Context(), key, "text/plain", bytes.NewReader(nil)); !errors.Is(err, fault.Invalid) {
			t.Errorf("Put(%.20q) error = %v, want fault.Invalid", key, err)
		}
		if _, err := b.Open(t.Context(), key); !errors.Is(err, fault.Invalid) {
			t.Errorf("Open(%.20q) error = %v, want fault.Invalid", key, err)
		}
		if err := b.Delete(t.Context(), key); !errors.Is(err, fault.Invalid) {
			t.Errorf("Delete(%.20q) error = %v, want fault.Invalid", key, err)
		}
	}
}

func staleOnly(t *testing.T, b document.Blobs) {
	keys := []string{"a", "a/b/c", "b-1"}
	for _, key := range keys {
		put(t, b, key, []byte(key))
	}
	now := time.Now() //nolint:forbidigo // the store stamps blobs by a clock of its own
	if diff := cmp.Diff([]string(nil), stale(t, b, now.Add(-time.Hour))); diff != "" {
		t.Errorf("blobs last written more than an hour ago (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(keys, stale(t, b, now.Add(time.Hour))); diff != "" {
		t.Errorf("blobs last written before the coming hour ends (-want +got):\n%s", diff)
	}
}

func staleDelete(t *testing.T, b document.Blobs) {
	for _, key := range []string{"a", "b/c", "b/d"} {
		put(t, b, key, nil)
	}
	soon := time.Now().Add(time.Hour) //nolint:forbidigo // as above
	err := b.Stale(t.Context(), soon, func(key string) error { return b.Delete(t.Context(), key) })
	if err != nil {
		t.Fatalf("Stale: %v", err)
	}
	if left := stale(t, b, soon); len(left) != 0 {
		t.Errorf("%q are left, want none", left)
	}
}

func staleStops(t *testing.T, b document.Blobs) {
	put(t, b, "a", nil)
	put(t, b, "b", nil)
	enough, calls := errors.New("enough"), 0
	err := b.Stale(t.Context(), time.Now().Add(time.Hour), func(string) error { //nolint:forbidigo // as above
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("Stale() = %v after %d calls, want %v after 1", err, calls, enough)
	}
}

func staleCancelled(t *testing.T, b document.Blobs) {
	put(t, b, "a", nil)
	put(t, b, "b", nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	err := b.Stale(ctx, time.Now().Add(time.Hour), func(string) error { //nolint:forbidigo // as above
		calls++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("Stale() = %v after %d calls, want context.Canceled after 1", err, calls)
	}
}

func put(t *testing.T, b document.Blobs, key string, body []byte) {
	t.Helper()
	n, err := b.Put(t.Context(), key, "application/octet-stream", bytes.NewReader(body))
	if err != nil || n != int64(len(body)) {
		t.Fatalf("Put(%q) = %d, %v, want %d, nil", key, n, err, len(body))
	}
}

func read(t *testing.T, b document.Blobs, key string) []byte {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open(%q): %v", key, err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	return body
}

func wantMissing(t *testing.T, b document.Blobs, key string) {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	if err == nil {
		r.Close()
	}
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("Open(%q) error = %v, want fault.NotFound", key, err)
	}
}

func stale(t *testing.T, b document.Blobs, before time.Time) []string {
	t.Helper()
	var keys []string
	err := b.Stale(t.Context(), before, func(key string) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		t.Fatalf("Stale: %v", err)
	}
	slices.Sort(keys)
	return keys
}
