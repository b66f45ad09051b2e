package blobstore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

func TestAFolderKeepsTheContractOfBlobs(t *testing.T) {
	t.Parallel()
	coretest.Blobs(t, func(t *testing.T) document.Blobs { return open(t, t.TempDir()) })
}

func TestAnUnsyncedFolderKeepsTheContractOfBlobs(t *testing.T) {
	t.Parallel()
	coretest.Blobs(t, func(t *testing.T) document.Blobs {
		s, err := blobstore.UnsyncedDir(t.TempDir())
		if err != nil {
			t.Fatalf("UnsyncedDir: %v", err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// It does not run in parallel: it counts what the process allocates.
func TestPuttingIntoAFolderHoldsLittleInMemory(t *testing.T) {
	s := open(t, t.TempDir())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.Put(t.Context(), "large", "", &zeros{left: 256 << 20}); err != nil {
		t.Fatalf("Put: %v", err)
	}
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(2<<20); got > limit {
		t.Errorf("Put of 256 MiB allocated %d bytes, want at most %d", got, limit)
	}
}

func TestAFolderHoldsNothingButTheBlobs(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	s := open(t, folder)
	put(t, s, "ws/doc")
	if _, err := s.Put(t.Context(), "bad", "", brokenReader{}); err == nil {
		t.Error("Put() succeeded with a broken reader")
	}
	if got, want := files(t, folder), []string{"ws/doc.blob"}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestBlobsOutliveTheStore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, err := blobstore.Dir(folder)
	if err != nil {
		t.Fatalf("Dir: %v", err)
	}
	put(t, first, "ws/doc")
	if err := first.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	r, err := open(t, folder).Open(t.Context(), "ws/doc")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	r.Close()
}

func TestStaleTellsOldFromNewAndRemovesWhatACrashLeft(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, folder)
	now := time.Now()
	put(t, s, "old")
	put(t, s, "new")
	for name, age := range map[string]time.Duration{
		"old.blob": 2 * time.Hour, ".unfinished/crashed": 2 * time.Hour, ".unfinished/running": 0,
		"notes.txt": 2 * time.Hour, "Foreign.blob": 2 * time.Hour, "lost+found/x.blob": 2 * time.Hour,
	} {
		age := now.Add(-age)
		write(t, filepath.Join(folder, filepath.FromSlash(name)), age)
	}
	var got []string
	err := s.Stale(t.Context(), now.Add(-time.Hour), func(key string) error {
		got = append(got, key)
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"old"}) {
		t.Errorf("Stale() = %q, %v, want only old", got, err)
	}
	want := []string{".unfinished/running", "Foreign.blob", "lost+found/x.blob", "new.blob", "notes.txt", "old.blob"}
	if got := files(t, folder); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestTroubleWithTheDiskIsUnavailableAndShowsNoPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, folder)
	// A file where the key needs a folder is trouble that even root has.
	write(t, filepath.Join(folder, "ws"), time.Now())
	_, err := s.Put(t.Context(), "ws/doc", "", strings.NewReader("x"))
	e := fault.Of(err)
	if e == nil || e.Kind != fault.Unavailable {
		t.Fatalf("Put() error = %v, want fault.Unavailable", err)
	}
	if strings.Contains(e.Text, "/") || strings.Contains(e.Text, "ws") {
		t.Errorf("text for the caller = %q, want no path", e.Text)
	}
	if got := files(t, folder); !slices.Equal(got, []string{"ws"}) {
		t.Errorf("the folder holds %q, want nothing new", got)
	}
}

func open(t *testing.T, folder string) *blobstore.Store {
	t.Helper()
	s, err := blobstore.Dir(folder)
	if err != nil {
		t.Fatalf("Dir: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *blobstore.Store, key string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, "text/plain", strings.NewReader(key)); err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
}

func write(t *testing.T, name string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err = filepath.Rel(folder, name)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
