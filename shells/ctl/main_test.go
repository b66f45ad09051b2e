package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/e2e/servers"
	"github.com/ragcorp/ragcorp/shells/internal/run"
)

func TestMain(m *testing.M) {
	parse.ChildMain() // files are read in processes of their own, also in tests
	os.Exit(servers.Run(m))
}

// world is an installation that ctl operates, in a folder of its own.
type world struct {
	t   *testing.T
	env map[string]string
	ask asker
}

func newWorld(t *testing.T, env ...string) *world {
	t.Helper()
	w := &world{t: t, env: map[string]string{"DATA_DIR": filepath.Join(t.TempDir(), "data")}, ask: terminal{}}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		w.env[name] = value
	}
	return w
}

// ran is what came of a command.
type ran struct {
	code           int
	stdout, stderr string
}

// ctl runs a command with something on its standard input.
func (w *world) ctl(stdin string, args ...string) ran {
	w.t.Helper()
	var out, errs bytes.Buffer
	p := run.Process{Args: args, Env: w.env, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs}
	code := dispatch(context.Background(), &process{Process: p, ask: w.ask})
	return ran{code, out.String(), errs.String()}
}

// must runs a command that has to succeed, and returns what it printed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.ctl("", args...)
	if r.code != exitOK {
		w.t.Fatalf("ctl %s: exit code %d: %s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// decode runs a command that has to succeed, and reads the JSON that it printed.
func decode[T any](w *world, args ...string) T {
	w.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(w.must(args...)), &v); err != nil {
		w.t.Fatalf("ctl %s: %v", strings.Join(args, " "), err)
	}
	return v
}

// answers is an asker with answers prepared.
type answers struct{ lines []string }

func (a *answers) Line(string) (string, error) {
	if len(a.lines) == 0 {
		return "", errNoTerminal
	}
	line := a.lines[0]
	a.lines = a.lines[1:]
	return line, nil
}

func (a *answers) Secret(prompt string) (string, error) { return a.Line(prompt) }
