package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/ragcorp/ragcorp/core/document"
)

// outcome is what became of a file.
type outcome string

const (
	outcomeNew       outcome = "new"
	outcomeChanged   outcome = "changed"
	outcomeUnchanged outcome = "unchanged"
	outcomeIgnored   outcome = "ignored" // not of a type that is handled
	outcomeFailed    outcome = "failed"
	outcomePruned    outcome = "pruned"
)

func outcomes() []outcome {
	return []outcome{outcomeNew, outcomeChanged, outcomeUnchanged, outcomeIgnored, outcomeFailed, outcomePruned}
}

func outcomeOf(a document.Arrival) outcome {
	switch a {
	case document.Created:
		return outcomeNew
	case document.Replaced:
		return outcomeChanged
	case document.Known:
	}
	return outcomeUnchanged
}

// tally counts outcomes and shows how far things are: as a bar on a terminal, else as a line now and then.
type tally struct {
	mu     sync.Mutex
	w      io.Writer
	bar    bool
	shown  time.Time
	begun  time.Time
	what   string
	done   int
	total  int
	count  map[outcome]int
	detail []fileOutcome // of files that were neither taken nor unchanged
}

// fileOutcome is what became of one file, and why.
type fileOutcome struct {
	Path    string  `json:"path"`
	Outcome outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
}

func newTally(w io.Writer, files int) *tally {
	f, ok := w.(*os.File)
	now := time.Now()
	return &tally{
		w: w, bar: ok && term.IsTerminal(int(f.Fd())), begun: now, shown: now, what: "files", total: files, count: map[outcome]int{},
	}
}

// hold runs do while nothing else changes the tally.
func (t *tally) hold(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
}

// add notes what became of a file.
func (t *tally) add(path string, o outcome, reason string) {
	t.hold(func() {
		t.count[o]++
		if o != outcomePruned {
			t.done++
		}
		if o != outcomeNew && o != outcomeChanged && o != outcomeUnchanged {
			t.detail = append(t.detail, fileOutcome{path, o, reason})
		}
		t.show(false)
	})
}

// unread notes what could not be looked at.
func (t *tally) unread(list []string) {
	for _, what := range list {
		path, reason, _ := strings.Cut(what, ": ")
		t.count[outcomeFailed]++
		t.detail = append(t.detail, fileOutcome{path, outcomeFailed, reason})
	}
}

// processing begins the wait for documents.
func (t *tally) processing(n int) {
	t.hold(func() {
		t.show(true)
		t.what, t.done, t.total, t.begun = "documents processed", 0, n, time.Now()
	})
}

// processed notes how many documents are.
func (t *tally) processed(n int) {
	t.hold(func() {
		t.done = n
		t.show(false)
	})
}

// broken notes that the document of a file can't be processed.
func (t *tally) broken(path, reason string) {
	t.hold(func() {
		t.count[outcomeFailed]++
		t.detail = append(t.detail, fileOutcome{path, outcomeFailed, reason})
	})
}

// close shows the last of it.
func (t *tally) close() { t.hold(func() { t.show(true) }) }

// show shows how far things are, not too often unless it is the last time.
func (t *tally) show(last bool) {
	every := 5 * time.Second
	if t.bar {
		every = 100 * time.Millisecond
	}
	if t.total == 0 || !last && time.Since(t.shown) < every {
		return
	}
	t.shown = time.Now()
	if !t.bar {
		fmt.Fprintf(t.w, "%d of %d %s\n", t.done, t.total, t.what)
		return
	}
	const width = 30
	full := width * min(t.done, t.total) / t.total
	left := ""
	if t.done > 0 && t.done < t.total {
		left = (time.Since(t.begun) * time.Duration(t.total-t.done) / time.Duration(t.done)).Round(time.Second).String() + " left"
	}
	fmt.Fprintf(t.w, "\r\x1b[K[%s%s] %d/%d %s %s", strings.Repeat("#", full), strings.Repeat(".", width-full), t.done, t.total, t.what, left)
	if last {
		fmt.Fprintln(t.w)
	}
}

// print prints the summary.
func (t *tally) print(w io.Writer, in *ingesting) error {
	slices.SortFunc(t.detail, func(a, b fileOutcome) int { return strings.Compare(a.Path, b.Path) })
	if in.asJSON {
		return printJSON(w, map[string]any{
			"dry_run": in.dryRun, "outcomes": t.count, "files": append([]fileOutcome{}, t.detail...),
		})
	}
	for _, f := range t.detail {
		fmt.Fprintf(w, "%s: %s", f.Outcome, oneLine(f.Path))
		if f.Reason != "" {
			fmt.Fprintf(w, ": %s", oneLine(f.Reason))
		}
		fmt.Fprintln(w)
	}
	var said []string
	for _, o := range outcomes() {
		if n := t.count[o]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, o))
		}
	}
	if len(said) == 0 {
		said = []string{"no files"}
	}
	if in.dryRun {
		said = append(said, "nothing was done")
	}
	_, err := fmt.Fprintln(w, strings.Join(said, ", "))
	return err
}
