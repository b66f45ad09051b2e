package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/ragcorp/ragcorp"

// goPackage is what the Go tool knows of a package.
type goPackage struct {
	ImportPath string
	Imports    []string // of the package itself, without its tests
	Deps       []string // all that is linked with it
}

// goPackages lists this module's packages by their path in it, without their tests.
var goPackages = sync.OnceValues(func() (map[string]goPackage, error) {
	list, err := goList(module+"/core/...", module+"/adapters/...", module+"/shells/...", module+"/schema")
	if err != nil {
		return nil, err
	}
	out := map[string]goPackage{}
	for _, p := range list {
		out[strings.TrimPrefix(p.ImportPath, module+"/")] = p
	}
	return out, nil
})

func goList(patterns ...string) ([]goPackage, error) {
	raw, err := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,Deps"}, patterns...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var out []goPackage
	for d := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p goPackage
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, p)
	}
}

func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	all, err := goPackages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// within reports whether a package is the one at path, or below it.
func within(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }

func ours(path string) (string, bool) { return strings.CutPrefix(path, module+"/") }

// external reports whether a path is neither ours nor of the standard library, whose first element has no dot.
func external(path string) bool {
	_, mine := ours(path)
	first, _, _ := strings.Cut(path, "/")
	return !mine && strings.Contains(first, ".")
}

func TestTheCoreImportsNothingFromOutside(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{ // everybody may have uuid
		"core/text": {
			"golang.org/x/text", "github.com/clipperhouse/uax29/v2", "github.com/blevesearch/snowballstem",
			"github.com/abadojack/whatlanggo",
		},
		"core/coretest": {"github.com/google/go-cmp"},
	}
	const reason = "an embedder compiles what the core imports, and what it imports can't be swapped"
	for path, p := range packages(t) {
		if !within(path, "core") {
			continue
		}
		for _, imported := range p.Imports {
			own := append([]string{"github.com/google/uuid"}, allowed[path]...)
			if external(imported) && !slices.ContainsFunc(own, func(a string) bool { return within(imported, a) }) {
				t.Errorf("%s imports %s: %s", path, imported, reason)
			}
			if mine, ok := ours(imported); ok && !within(mine, "core") {
				t.Errorf("%s imports %s: the core is what adapters build on, not the other way", path, mine)
			}
			if imported == "testing" && path != "core/coretest" {
				t.Errorf("%s imports testing: only tests do", path)
			}
		}
	}
}

func TestThePackagesOfTheCoreStandInALine(t *testing.T) {
	t.Parallel()
	line := map[string]string{ // what each may import of the core
		"core/fault":       "",
		"core/text":        "fault",
		"core/event":       "fault",
		"core/llm":         "fault",
		"core/eval":        "fault",
		"core/guard":       "text",
		"core/identity":    "fault event",
		"core/workspace":   "fault event identity",
		"core/audit":       "fault event identity",
		"core/idempotency": "fault identity",
		"core/document":    "fault event identity workspace llm text guard",
		"core/retrieval":   "fault event identity workspace llm text document guard",
		"core/connector":   "fault event identity workspace document",
		"core/chat":        "fault event identity workspace llm text document retrieval guard",
	}
	for path, p := range packages(t) {
		allowed, known := line[path]
		switch {
		case !within(path, "core") || path == "core" || within(path, "core/coretest"):
			continue
		case !known:
			t.Errorf("%s has no place in the line yet: say in this table what it may import", path)
			continue
		}
		for _, imported := range p.Imports {
			mine, ok := ours(imported)
			if ok && !slices.Contains(strings.Fields(allowed), strings.TrimPrefix(mine, "core/")) {
				t.Errorf("%s imports %s: packages that know each other both ways end as one; news travels as events", path, mine)
			}
		}
	}
}

func TestAdaptersDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	const reason = "an adapter knows the core and its own technology; package adapters puts them together"
	const ground = "adapters/provider" // no adapter, but what those of models over HTTP stand on
	for path, p := range packages(t) {
		rest, ok := strings.CutPrefix(path, "adapters/")
		if !ok {
			continue
		}
		adapter, _, _ := strings.Cut(rest, "/")
		for _, imported := range p.Imports {
			mine, ok := ours(imported)
			if ok && within(mine, "adapters") && !within(mine, "adapters/"+adapter) && mine != ground {
				t.Errorf("%s imports %s: %s", path, mine, reason)
			}
			if ok && within(mine, "shells") {
				t.Errorf("%s imports %s: shells are programs, not libraries", path, mine)
			}
		}
	}
}

func TestOnlyTestsImportTheSuites(t *testing.T) {
	t.Parallel()
	for path, p := range packages(t) {
		if !within(path, "core/coretest") && slices.Contains(p.Imports, module+"/core/coretest") {
			t.Errorf("%s imports core/coretest: it is for tests", path)
		}
	}
}

func TestShellsLinkNothingThatOnlyBuildingAndTestingNeed(t *testing.T) {
	t.Parallel()
	forbidden := map[string]string{
		"testing":                     "it adds flags to the program, and whoever imports it took a test for code",
		module + "/core/coretest":     "it is for tests",
		"github.com/testcontainers":   "it is for tests",
		"github.com/stretchr/testify": "it is for tests",
		"net/http/pprof":              "it opens the program's inside on the default mux",
		"github.com/mattn/go-sqlite3": "it needs cgo",
		"github.com/docker/docker":    "it is for tests",
	}
	for _, shell := range []string{"shells/http", "shells/worker", "shells/ctl"} {
		reportLinked(t, shell, packages(t)[shell].Deps, forbidden)
	}
}

func TestEmbeddingLinksNoServerAndNoCloud(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "example_test.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, path)
	}
	list, err := goList(imports...)
	if err != nil {
		t.Fatal(err)
	}
	const why = "an embedder who needs no such thing must not compile it"
	for _, p := range list {
		reportLinked(t, "the program that embeds the core, through "+p.ImportPath+",", append(p.Deps, p.ImportPath), map[string]string{
			module + "/adapters/httpapi": why, "github.com/danielgtaylor/huma": why, "github.com/redis": why, "github.com/aws": why,
			"cloud.google.com": why, "github.com/ThreeDotsLabs/watermill": why,
			"github.com/prometheus/client_golang": why, "gocloud.dev": why, "google.golang.org/grpc": why, "net/http": why,
			module + "/adapters/openai": why, module + "/adapters/gemini": why,
		})
	}
}

// reportLinked reports which of the forbidden packages are linked, each with its reason.
func reportLinked(t *testing.T, who string, deps []string, forbidden map[string]string) {
	t.Helper()
	if len(deps) == 0 {
		t.Errorf("%s links nothing at all: it can't be listed", who)
	}
	for path, reason := range forbidden {
		if i := slices.IndexFunc(deps, func(dep string) bool { return within(dep, path) }); i >= 0 {
			t.Errorf("%s links %s: %s", who, deps[i], reason)
		}
	}
}
