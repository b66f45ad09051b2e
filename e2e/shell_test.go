package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shell is a running program of ours.
type shell struct {
	url    string // of the API; empty for a worker
	cmd    *exec.Cmd
	stdout bytes.Buffer // to be read after the end
	logs   logs
	ended  chan struct{} // closed when the process is gone and all of its output is read
	err    error         // how it ended; to be read after ended
	rough  bool          // it may log errors, because something is made to fail
}

// endures says that errors in the shell's log are to be expected; panics are not.
func (s *shell) endures() *shell {
	s.rough = true
	return s
}

// start starts an http shell in a world of its own.
func start(t *testing.T, env ...string) *shell {
	t.Helper()
	return newWorld(t, env...).http(t)
}

// http starts an http shell and waits until it is ready. It is killed when the test ends, if it still runs.
func (w *world) http(t *testing.T, env ...string) *shell {
	t.Helper()
	s := w.spawn(t, buildHTTP, env)
	s.url = s.logs.waitFor(t, s, "listening").URL
	eventually(t, "the shell is ready", func() bool {
		r, err := s.anybody().try(t, "GET", "/readyz", nil)
		return err == nil && r.status == http.StatusOK
	})
	return s
}

// worker starts a worker shell.
func (w *world) worker(t *testing.T, env ...string) *shell {
	t.Helper()
	s := w.spawn(t, buildWorker, env)
	s.logs.waitFor(t, s, "starting")
	return s
}

func (w *world) spawn(t *testing.T, build func() (string, error), env []string) *shell {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{cmd: exec.Command(binary), ended: make(chan struct{})}
	s.cmd.Env = append(append([]string(nil), w.env...), env...)
	s.cmd.Stdout = &s.stdout
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		s.logs.read(stderr)
		s.err = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended long ago
		<-s.ended
		s.logs.judge(t, s.rough)
	})
	return s
}

// stop asks the shell to end and expects that it does so in good order.
func (s *shell) stop(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	s.wait(t)
	if s.err != nil {
		t.Errorf("after SIGTERM the shell ended with %v, want exit code 0", s.err)
	}
}

func (s *shell) signal(t *testing.T, what os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(what); err != nil {
		t.Fatalf("signal the shell: %v", err)
	}
}

// kill ends the shell without giving it a chance to do anything.
func (s *shell) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("kill the shell: %v", err)
	}
	s.wait(t)
}

func (s *shell) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(longest(t)):
		t.Fatal("waited in vain until the shell ended")
	}
}

// logLine is what the tests read of a line of the log.
type logLine struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	URL     string `json:"url"`
	raw     string
}

// logs is what a shell wrote to standard error.
type logs struct {
	mu    sync.Mutex
	lines []logLine
}

func (l *logs) read(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		raw, err := in.ReadString('\n')
		if raw = strings.TrimSpace(raw); raw != "" {
			line := logLine{raw: raw}
			if json.Unmarshal([]byte(raw), &line) != nil {
				line.Level = "text" // a panic, a report of the race detector
			}
			l.mu.Lock()
			l.lines = append(l.lines, line)
			l.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (l *logs) all() []logLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]logLine(nil), l.lines...)
}

// waitFor waits for a line with this message.
func (l *logs) waitFor(t *testing.T, s *shell, message string) (found logLine) {
	t.Helper()
	eventually(t, "the log says "+message, func() bool {
		for _, line := range l.all() {
			if line.Message == message {
				found = line
				return true
			}
		}
		select {
		case <-s.ended:
			l.show(t)
			t.Fatalf("the shell ended before it said %q: %v", message, s.err)
		default:
		}
		return false
	})
	return found
}

// judge fails the test when the shell met something that it didn't expect itself, and shows the log of a failed test.
func (l *logs) judge(t *testing.T, rough bool) {
	t.Helper()
	for _, line := range l.all() {
		switch {
		case slices.Contains([]string{"debug", "info", "warn"}, line.Level), rough && line.Level == "error":
		default:
			t.Errorf("the shell logged: %s", line.raw)
		}
	}
	if t.Failed() {
		l.show(t)
	}
}

// mustSay takes the log of a shell that was not to start, which has to name all of these.
func (l *logs) mustSay(t *testing.T, words ...string) {
	t.Helper()
	var all strings.Builder
	for _, line := range l.all() {
		all.WriteString(line.raw)
	}
	for _, w := range words {
		if !strings.Contains(all.String(), w) {
			t.Errorf("the log says %q, want it to name %s", all.String(), w)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// show prints the end of the log.
func (l *logs) show(t *testing.T) {
	t.Helper()
	lines := l.all()
	for _, line := range lines[max(0, len(lines)-40):] {
		t.Log(line.raw)
	}
}
