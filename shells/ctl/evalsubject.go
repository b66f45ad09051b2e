package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// subject is what is measured: a workspace that holds the documents of a set. Their source is their id in the set.
type subject struct {
	app       *core.App
	config    adapters.Config
	workspace workspace.ID
	documents int // that were loaded
	passages  int // to ask for
	took      time.Duration

	mu   sync.Mutex
	same map[string][]string // further ids of documents whose text occurs more than once in the set
	late []document.Document // that were not ready at once
}

// load makes a workspace of the set's documents.
func (s *subject) load(ctx context.Context, data string, progress io.Writer) error {
	began := time.Now()
	ws, err := s.app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Evaluation"})
	if err != nil {
		return err
	}
	s.workspace, s.same = ws.ID, map[string][]string{}
	loaders, loading := errgroup.WithContext(ctx)
	loaders.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	var broken error
	for d, err := range texts(data) {
		if broken = err; err != nil || loading.Err() != nil {
			break
		}
		if s.documents++; s.documents%1000 == 0 {
			fmt.Fprintf(progress, "%d documents\n", s.documents)
		}
		loaders.Go(func() error { return s.put(loading, d) })
	}
	if err := errors.Join(broken, loaders.Wait()); err != nil {
		return err
	}
	s.took = time.Since(began)
	return s.finish(ctx)
}

// texts yields the documents of a set in which there is something to be found.
func texts(data string) iter.Seq2[eval.Document, error] {
	return func(yield func(eval.Document, error) bool) {
		for d, err := range eval.Documents(os.DirFS(data)) {
			if strings.TrimSpace(d.Text) == "" {
				d.Text = d.Title
			}
			if (err != nil || strings.TrimSpace(d.Text) != "") && !yield(d, err) {
				return
			}
		}
	}
}

// put makes a document. What has no title gets one without any word.
func (s *subject) put(ctx context.Context, d eval.Document) error {
	made, arrival, err := s.app.Documents.IngestText(ctx, identity.System, s.workspace, document.TextDraft{
		Text: d.Text, Details: document.Details{Title: cmp.Or(strings.TrimSpace(d.Title), "-"), Source: d.ID},
	})
	if err != nil {
		return fmt.Errorf("load document %s: %w", d.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if arrival == document.Known {
		s.same[made.Source] = append(s.same[made.Source], d.ID)
	}
	if made.Status != document.Ready {
		s.late = append(s.late, made)
	}
	return nil
}

// finish works on the documents that were not ready at once.
func (s *subject) finish(ctx context.Context) error {
	if err := s.app.Drain(ctx); err != nil {
		return err
	}
	for _, d := range s.late {
		d, err := s.app.Documents.Get(ctx, identity.System, s.workspace, d.ID)
		if err != nil {
			return err
		}
		if d.Status != document.Ready {
			return fmt.Errorf("document %s is %s: %s", d.Source, d.Status, d.Failure.Text)
		}
	}
	return nil
}

// describe says what was asked.
func (s *subject) describe(r *report) {
	r.Embedder, r.Documents, r.LoadSeconds = s.config.Data.EmbedURL, s.documents, s.took.Seconds()
	if s.config.Contexts.On && s.documents > 0 {
		r.Contexts = s.config.Contexts.URL
	}
}

// ask asks the queries, one after the other, and returns what was found and the times that it took, ascending.
func (s *subject) ask(ctx context.Context, queries []eval.Query, how retrieval.Query) ([]eval.Ranking, []time.Duration, error) {
	how.K = s.passages
	rankings, times := make([]eval.Ranking, len(queries)), make([]time.Duration, len(queries))
	for i, q := range queries {
		how.Text = q.Text
		began := time.Now()
		found, err := s.app.Search.Search(ctx, identity.System, s.workspace, how)
		if err != nil {
			return nil, nil, fmt.Errorf("query %s: %w", q.ID, err)
		}
		if lacks := found.Trace.Degraded; len(lacks) > 0 { // it would be measured what nobody wants to know
			return nil, nil, fmt.Errorf("query %s went on without the step %s: %s: %w", q.ID, lacks[0].Step, lacks[0].Reason, lacks[0].Err)
		}
		times[i] = time.Since(began)
		rankings[i] = eval.Ranking{Found: s.rank(found.Hits), Grades: q.Grades}
	}
	slices.Sort(times)
	return rankings, times, nil
}

// rank turns passages into documents, each at the rank of its best passage. Where passages have the same score the service goes
// by their ids, which differ each time that a set is loaded; here those of the set decide, as in trec_eval.
func (s *subject) rank(hits []retrieval.Hit) []string {
	var out []string
	for from := 0; from < len(hits); {
		to := from + 1
		for to < len(hits) && hits[to].Score == hits[from].Score {
			to++
		}
		slices.SortStableFunc(hits[from:to], func(a, b retrieval.Hit) int { return cmp.Compare(a.Source, b.Source) })
		from = to
	}
	for _, h := range hits {
		for _, id := range append([]string{h.Source}, s.same[h.Source]...) {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
