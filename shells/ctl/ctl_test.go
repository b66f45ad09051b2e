package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHelpIsGivenInEveryUsualWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		if out := w.must(args...); !strings.Contains(out, "migrate") || !strings.Contains(out, "jobs replay") {
			t.Errorf("ctl %q says:\n%s", args, out)
		}
	}
	for _, c := range commands() {
		words := strings.Fields(c.name)
		explained := w.must(append([]string{"help"}, words...)...)
		if !strings.Contains(explained, "Usage: ctl "+c.name) {
			t.Errorf("ctl help %s says:\n%s", c.name, explained)
		}
		if flagged := w.must(append(words, "--help")...); flagged != explained {
			t.Errorf("ctl %s --help says:\n%s\nbut help says:\n%s", c.name, flagged, explained)
		}
	}
	for _, args := range [][]string{{"help", "keys"}, {"keys", "--help"}} {
		if out := w.must(args...); !strings.Contains(out, "keys revoke") || strings.Contains(out, "migrate") {
			t.Errorf("ctl %q says:\n%s", args, out)
		}
	}
}

func TestWrongUseIsExitCode2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"nonsense"}, `there is no command "nonsense"`},
		{[]string{"help", "nonsense"}, `there is no command "nonsense"`},
		{[]string{"keys"}, "say one of: ctl keys create"},
		{[]string{"keys", "paint"}, "say one of: ctl keys create"},
		{[]string{"migrate", "--nonsense"}, "flag provided but not defined: -nonsense"},
		{[]string{"migrate", "now"}, `"now" is one argument too many`},
		{[]string{"jobs", "list", "--state", "lost"}, "--state must be"},
		{[]string{"jobs", "list", "--limit", "0"}, "--limit must be"},
		{[]string{"jobs", "replay", "--id", "7"}, "is no id"},
		{[]string{"jobs", "discard"}, "give --all"},
		{[]string{"keys", "revoke"}, "an ID is missing"},
		{[]string{"keys", "revoke", "7"}, `"7" is no id`},
		{[]string{"keys", "create"}, "--name and --permission are needed"},
		{[]string{"keys", "create", "--name", "n", "--permission", "*", "--expires", "soon"}, "--expires must be"},
		{[]string{"admin", "create", "--role", "king"}, "--role must be"},
		{[]string{"admin", "create", "--password-stdin"}, "--email is missing"},
		{[]string{"admin", "create"}, "give --email"},
		{[]string{"admin", "create", "--email", "a@example.com"}, "give --password-stdin"},
		{[]string{"eval"}, "--data is missing"},
		{[]string{"eval", "--data", ".", "--arm", "third"}, "--arm must be one of dense, diverse, fused, hybrid, lexical"},
		{[]string{"eval", "--data", ".", "--k", "0"}, "--k must be"},
	} {
		r := w.ctl("", c.args...)
		if r.code != exitUsage || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("ctl %q: exit code %d, %q, want 2 and %q", c.args, r.code, r.stderr, c.want)
		}
	}
}

func TestAWrongConfigurationIsToldAtOnceAndFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "CHUNK_SIZE=0", "WORKERS=many")
	for _, args := range [][]string{{"migrate"}, {"doctor"}, {"keys", "list"}} {
		r := w.ctl("", args...)
		if r.code != exitFailed || !strings.Contains(r.stderr, "CHUNK_SIZE") || !strings.Contains(r.stderr, "WORKERS") {
			t.Errorf("ctl %q: exit code %d, %q", args, r.code, r.stderr)
		}
	}
}

func TestFlagsStandBeforeOrAfterOtherArguments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.must("keys", "create", "--name", "k", "--permission", "query:search")
	if !strings.HasPrefix(key, "rk_") {
		t.Fatalf("key = %q", key)
	}
	id := decode[struct{ Keys []struct{ ID string } }](w, "keys", "list", "--json").Keys[0].ID
	if out := w.must("keys", "revoke", id); out != id+" is revoked\n" {
		t.Errorf("keys revoke says %q", out)
	}
}

func TestVersionAndOpenAPINeedNoConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "CHUNK_SIZE=0")
	if out := w.must("version"); !strings.HasPrefix(out, "ragcorp ") {
		t.Errorf("version says %q", out)
	}
	doc := decode[struct {
		OpenAPI string
		Paths   map[string]any
	}](w, "openapi")
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Paths["/v1/workspaces"] == nil {
		t.Errorf("openapi: version %q, %d paths", doc.OpenAPI, len(doc.Paths))
	}
	file := filepath.Join(t.TempDir(), "openapi.json")
	if out := w.must("openapi", "--out", file); out != "" {
		t.Errorf("openapi --out says %q", out)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != w.must("openapi") || !strings.HasPrefix(string(raw), "{\n  \"") {
		t.Errorf("openapi --out writes %.40q (%v), want what openapi prints, indented", raw, err)
	}
	if r := w.ctl("", "openapi", "--out", filepath.Join(file, "x")); r.code != exitFailed {
		t.Errorf("openapi --out to nowhere: exit code %d", r.code)
	}
}
