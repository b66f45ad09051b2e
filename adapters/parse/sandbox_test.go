package parse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
)

// wantAlive checks that the next file is read as if nothing had happened.
func wantAlive(tb testing.TB, p *Parser) {
	tb.Helper()
	got, err := p.Parse(context.Background(), file(Plain, []byte("All is well.")))
	if err != nil || joined(got.Blocks) != "All is well." {
		tb.Fatalf("next file: %q, %v", joined(got.Blocks), err)
	}
}

func onLinux(tb testing.TB) {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skip("the limits of the operating system are set on Linux only")
	}
}

// unlessRaces skips what takes minutes, or memory without end, under the race detector, and shows nothing about races.
func unlessRaces(tb testing.TB) {
	tb.Helper()
	if raceEnabled {
		tb.Skip("the limits are tried without the race detector")
	}
}

func TestABrokenReaderCostsItsFileOnly(t *testing.T) {
	t.Parallel()
	cases := []struct {
		format, reason string
		linux          bool
	}{
		{"test/panic", document.ReasonCrashed, false},
		{"test/hang", document.ReasonTimeout, false},
		{"test/spin", document.ReasonTimeout, false},
		{"test/cpu", document.ReasonTimeout, true},
		{"test/eat", document.ReasonMemory, true},
		{"test/deep", document.ReasonCrashed, false},
		{"test/exit", document.ReasonCrashed, false},
	}
	for _, c := range cases {
		t.Run(c.format, func(t *testing.T) {
			t.Parallel()
			if c.linux {
				onLinux(t)
			}
			timeout, allowed := 20*time.Second, time.Minute
			if c.format == "test/cpu" {
				allowed = time.Nanosecond
			}
			if c.format == "test/hang" || c.format == "test/spin" {
				timeout = 300 * time.Millisecond
			}
			p := newParser(t, Options{Children: 1, Timeout: timeout, CPUTime: allowed, MaxMemory: 256 << 20})
			_, err := p.pool.parse(context.Background(), file(c.format, []byte("x")))
			wantReason(t, err, c.reason)
			p.pool.o.Timeout = 20 * time.Second
			wantAlive(t, p)
		})
	}
}

func TestAStrayPrintDoesNotDisturbTheProtocol(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	_, err := p.pool.parse(context.Background(), file("test/lie", nil))
	wantReason(t, err, document.ReasonNoText)
	wantAlive(t, p)
}

func TestAChildHasNoEnvironmentAndCannotWriteFiles(t *testing.T) {
	onLinux(t)
	t.Setenv("SECRET_OF_THE_PARENT", "swordfish")
	p := newParser(t, Options{Children: 1})
	got, err := p.pool.parse(context.Background(), file("test/probe", nil))
	if err != nil {
		t.Fatal(err)
	}
	s := joined(got.Blocks)
	t.Log(s)
	if strings.Contains(s, "swordfish") || strings.Contains(s, "HOME") || !strings.Contains(s, childVariable) {
		t.Errorf("the child sees %s", s)
	}
	if _, network, _ := strings.Cut(s, "tcp:"); strings.Count(network, "permission denied") != 2 {
		t.Errorf("the child has a network: %s", network)
	}
	if !strings.Contains(s, "file too large") && !strings.Contains(s, "denied") {
		t.Errorf("the child could write: %s", s)
	}
}

func TestAChildIsReused(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 2})
	wantAlive(t, p)
	first := p.pool.idle[0].cmd.Process.Pid
	wantAlive(t, p)
	if n := len(p.pool.idle); n != 1 || p.pool.idle[0].cmd.Process.Pid != first {
		t.Errorf("%d idle children, want the one from before", n)
	}
}

func TestAnOrdinaryErrorKeepsTheChild(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	wantAlive(t, p)
	first := p.pool.idle[0].cmd.Process.Pid
	_, err := p.Parse(context.Background(), file(Plain, []byte(strings.Repeat("\x01\x02\x00", 1<<20))))
	wantReason(t, err, document.ReasonCorrupt)
	wantAlive(t, p)
	if got := p.pool.idle[0].cmd.Process.Pid; got != first {
		t.Errorf("child %d was replaced by %d", first, got)
	}
}

func TestCancellingEndsTheReading(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	wantAlive(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	body := readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF })
	_, err := p.pool.parse(ctx, document.File{MediaType: "test/spin", Body: body})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want context.Canceled", err)
	}
	wantAlive(t, p)
}

func TestAFailingSourceIsNoFaultOfTheFile(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	broken := errors.New("store is gone")
	_, err := p.Parse(context.Background(), document.File{MediaType: Plain, Body: io.MultiReader(
		strings.NewReader("beginning"), readerFunc(func([]byte) (int, error) { return 0, broken }))})
	wantTransient(t, err)
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want it to wrap %v", err, broken)
	}
	wantAlive(t, p)
}

func TestAChildKilledFromOutsideIsNoFaultOfTheFile(t *testing.T) {
	t.Parallel()
	onLinux(t)
	p := newParser(t, Options{Children: 1})
	wantAlive(t, p)
	victim := p.pool.idle[0].cmd.Process
	_, err := p.pool.parse(context.Background(), document.File{MediaType: "test/spin", Body: readerFunc(func([]byte) (int, error) {
		return 0, errors.Join(io.EOF, victim.Kill())
	})})
	wantTransient(t, err)
	wantAlive(t, p)
}

func TestTooManyBytesAreRefusedWhileTheyArrive(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1, MaxInputBytes: 1 << 20})
	endless := readerFunc(func(b []byte) (int, error) { return copy(b, strings.Repeat("text ", len(b)/5+1)), nil })
	_, err := p.Parse(context.Background(), document.File{MediaType: Plain, Body: endless})
	wantReason(t, err, document.ReasonTooLarge)
	_, err = p.Parse(context.Background(), document.File{MediaType: Plain, Size: 1<<20 + 1, Body: strings.NewReader("x")})
	wantReason(t, err, document.ReasonTooLarge)
	wantAlive(t, p)
}

func TestLongTextArrivesWhole(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	want := strings.Repeat("A paragraph of some words.\n\n", 100_000)
	got, err := p.Parse(context.Background(), file(Plain, []byte(want)))
	if err != nil || len(got.Blocks) != 100_000 {
		t.Fatalf("%d blocks, %v; want 100000", len(got.Blocks), err)
	}
	p2 := newParser(t, Options{Children: 1, MaxTextBytes: 1 << 20})
	_, err = p2.Parse(context.Background(), file(Plain, []byte(want)))
	wantReason(t, err, document.ReasonTooLarge)
	wantAlive(t, p2)
}

func TestManyFilesAtOnce(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 3})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if i%10 == 0 {
				_, err := p.pool.parse(context.Background(), file("test/panic", nil))
				wantReason(t, err, document.ReasonCrashed)
				return
			}
			wantAlive(t, p)
		})
	}
	wg.Wait()
	if n := len(p.pool.idle); n > 3 {
		t.Errorf("%d idle children, want at most 3", n)
	}
}

func TestIdleChildrenEnd(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1, IdleAfter: time.Millisecond})
	wantAlive(t, p)
	p.pool.mu.Lock()
	var ended <-chan struct{}
	if len(p.pool.idle) > 0 {
		ended = p.pool.idle[0].ended
	}
	p.pool.mu.Unlock()
	if ended != nil {
		<-ended
	}
	wantAlive(t, p)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 1})
	reading := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		_, err := p.pool.parse(context.Background(), document.File{MediaType: "test/spin", Body: readerFunc(func([]byte) (int, error) {
			close(reading)
			return 0, io.EOF
		})})
		failed <- err
	}()
	<-reading
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	wantTransient(t, <-failed)
	_, err := p.Parse(context.Background(), file(Plain, []byte("late")))
	if !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v, want %v", err, errClosed)
	}
}

// TestHelperParent is no test: it is the parent in the test below. It says which child it has and leaves without closing
// anything.
func TestHelperParent(t *testing.T) {
	if os.Getenv("RAGCORP_TEST_PARENT") == "" {
		t.Skip("it is run by another test")
	}
	p := New(Options{Children: 1, CacheDir: "-"})
	wantAlive(t, p)
	child := p.pool.idle[0].cmd.Process.Pid
	_, err := p.pool.parse(context.Background(), document.File{MediaType: "test/spin", Body: readerFunc(func([]byte) (int, error) {
		fmt.Fprintf(os.Stdout, "child %d\n", child)
		os.Exit(0)
		return 0, nil
	})})
	t.Fatal(err)
}

func TestAChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	onLinux(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperParent$")
	cmd.Env = append(os.Environ(), "RAGCORP_TEST_PARENT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var child int
	if _, err := fmt.Sscanf(string(out), "child %d", &child); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	for isRunning(child) { // until the test's own time is up
		runtime.Gosched()
	}
}

// isRunning reports whether there is such a process that is more than a zombie.
func isRunning(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
