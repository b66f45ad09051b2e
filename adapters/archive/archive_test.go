package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/archive"
)

var manifest = archive.Manifest{
	Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Program: "test", Source: "sqlite",
	Tables: []archive.Table{
		{Name: "users", Columns: []archive.Column{{Name: "id", Kind: archive.KindText}}},
		{Name: "chunks", Columns: []archive.Column{{Name: "no", Kind: archive.KindInteger}, {Name: "body", Kind: archive.KindText}}},
		{Name: "nothing"},
	},
}

// write makes an archive with two files and so many chunks of a kilobyte.
func write(t testing.TB, chunks int) ([]byte, archive.Contents) {
	t.Helper()
	var out bytes.Buffer
	w, err := archive.NewWriter(&out, manifest)
	if err != nil {
		t.Fatal(err)
	}
	for key, body := range map[string]string{"originals/a/b": "first", "originals/a/c": ""} {
		if err := w.Blob(key, "text/plain; charset=utf-8", int64(len(body)), strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	w.Missing("originals/a/gone")
	if err := w.Row("users", []byte(`["ann"]`)); err != nil {
		t.Fatal(err)
	}
	for i := range chunks {
		if err := w.Row("chunks", fmt.Appendf(nil, "[%d,%q]\n", i, strings.Repeat("x", 1000))); err != nil {
			t.Fatal(err)
		}
	}
	c, err := w.Close(map[string]int64{"chunks": 17})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), c
}

// content is what an archive yields.
type content struct {
	Blobs map[string]string
	Rows  map[string]int
	archive.Contents
}

func read(raw []byte) (content, error) {
	got := content{Blobs: map[string]string{}, Rows: map[string]int{}}
	a, err := archive.NewReader(bytes.NewReader(raw))
	if err != nil {
		return got, err
	}
	defer a.Close()
	err = a.Blobs(func(key, mediaType string, r io.Reader) error {
		body, err := io.ReadAll(r)
		got.Blobs[key] = mediaType + ": " + string(body)
		return err
	})
	if err == nil {
		err = a.Rows(func(table string, _ []byte) error {
			got.Rows[table]++
			return nil
		})
	}
	if err == nil {
		got.Contents, err = a.Contents()
	}
	return got, err
}

func TestAnArchiveYieldsWhatWasWritten(t *testing.T) {
	t.Parallel()
	raw, c := write(t, 10_000) // several parts
	got, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := content{
		Blobs: map[string]string{
			"originals/a/b": "text/plain; charset=utf-8: first", "originals/a/c": "text/plain; charset=utf-8: ",
		},
		Rows: map[string]int{"users": 1, "chunks": 10_000}, Contents: c,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the archive differs (-want +got):\n%s", diff)
	}
	if c.Sequences["chunks"] != 17 || len(c.Missing) != 1 || c.Tables["nothing"].Count != 0 {
		t.Errorf("its contents are %+v", c)
	}
}

func TestACutArchiveIsDamaged(t *testing.T) {
	t.Parallel()
	raw, _ := write(t, 20)
	for n := range raw {
		if _, err := read(raw[:n]); !errors.Is(err, archive.ErrDamaged) {
			t.Fatalf("reading %d of %d bytes: %v, want ErrDamaged", n, len(raw), err)
		}
	}
}

func TestAFileMustHaveItsSize(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{2, 4} {
		w, err := archive.NewWriter(io.Discard, manifest)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Blob("k", "text/plain", size, strings.NewReader("abc")); err == nil {
			t.Errorf("a file of 3 bytes was taken as one of %d", size)
		}
	}
}

func TestATableThatIsNotInTheManifestIsRefused(t *testing.T) {
	t.Parallel()
	w, err := archive.NewWriter(io.Discard, manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Row("secrets", []byte("[]")); err == nil {
		t.Error("a row of an unknown table was taken")
	}
}

// Whatever is read: no panic, no endless reading, and only what was written is taken as whole.
func FuzzReader(f *testing.F) {
	raw, want := write(f, 3)
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := read(raw)
		if err == nil && cmp.Equal(got.Rows, map[string]int{"users": 1, "chunks": 3}) && !cmp.Equal(got.Contents.Tables, want.Tables) {
			t.Errorf("a changed archive was taken as whole: %+v", got)
		}
		if err != nil && !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("error = %v, want ErrDamaged", err)
		}
	})
}
