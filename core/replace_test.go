package core_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// book is a text of about 200 pages without any heading, as paragraphs.
func book() []string {
	rng := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // no secrecy
	out := make([]string, 1000)
	for i := range out {
		out[i] = fmt.Sprintf("Paragraph %d. %s", i, strings.TrimSpace(strings.ReplaceAll(prose(rng, 40+rng.IntN(80)), "\n", " ")))
	}
	return out
}

// version uploads a version of the document that clients call by this name.
func version(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, paragraphs []string) (document.Document, document.Arrival) {
	t.Helper()
	body := strings.NewReader(strings.Join(paragraphs, "\n\n"))
	d, arrival, err := app.Documents.Upload(ctx, identity.System, ws, document.Incoming{Name: "book.txt", Body: body}, document.Details{ExternalID: "shelf/book.txt"})
	if err != nil {
		t.Fatal(err)
	}
	return d, arrival
}

// searching searches for a word again and again until stop is called, which returns how often it was found, and the first
// trouble.
func searching(ctx context.Context, app *core.App, ws workspace.ID, word string) (stop func() (int, error)) {
	ctx, cancel := context.WithCancel(ctx)
	over, found, trouble := make(chan struct{}), 0, error(nil)
	go func() {
		defer close(over)
		for trouble == nil && ctx.Err() == nil {
			r, err := app.Search.Search(context.WithoutCancel(ctx), identity.System, ws, retrieval.Query{Text: word, K: 3})
			switch {
			case err != nil:
				trouble = err
			case !slices.ContainsFunc(r.Hits, func(h retrieval.Hit) bool { return strings.Contains(h.Text, word) }):
				trouble = fmt.Errorf("after %d searches, %s is not found", found, word)
			default:
				found++
			}
		}
	}()
	return func() (int, error) { cancel(); <-over; return found, trouble }
}

func TestAChangedParagraphOfALongDocumentEmbedsItsChunksAloneAndSearchSeesNoGap(t *testing.T) {
	t.Parallel()
	m := &mortal{embedded: map[string]int{}, batches: -1}
	life(t, t.TempDir(), m, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Books"})
		if err != nil {
			t.Fatal(err)
		}
		pages := book()
		pages[900] += " The quixotrope is kept here."
		first, arrival := version(ctx, t, app, ws.ID, pages)
		drain(ctx, t, app)
		whole := len(embeddedSince(m))
		if arrival != document.Created || whole < 1000 {
			t.Fatalf("the book is %s and embedded %d texts, want it new and more than 1000", arrival, whole)
		}
		for what, change := range map[string]func([]string) []string{
			"changed":  func(p []string) []string { p[500] = "This paragraph was changed. " + p[500]; return p },
			"inserted": func(p []string) []string { return slices.Insert(p, 100, "This paragraph was inserted.") },
			"removed":  func(p []string) []string { return slices.Delete(p, 300, 302) },
		} {
			pages = change(pages)
			stop := searching(ctx, app, ws.ID, "quixotrope")
			d, arrival := version(ctx, t, app, ws.ID, pages)
			drain(ctx, t, app)
			searches, err := stop()
			if err != nil || searches == 0 {
				t.Errorf("%s: %d searches went well; %v", what, searches, err)
			}
			if d.ID != first.ID || arrival != document.Replaced {
				t.Errorf("%s: the book is %s and %s, want the document that was there", what, d.ID, arrival)
			}
			n := len(embeddedSince(m))
			t.Logf("%s: %d of %d texts were embedded, %d searches meanwhile", what, n, whole, searches)
			if n > 16 {
				t.Errorf("%s: %d texts were embedded again, want those around the paragraph", what, n)
			}
		}
	})
}

func TestUnchangedChunksKeepTheirIDsAndTheOldFileGoes(t *testing.T) {
	t.Parallel()
	m := &mortal{embedded: map[string]int{}, batches: -1}
	life(t, t.TempDir(), m, func(ctx context.Context, app *core.App, store *sqlstore.Store) {
		ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Books"})
		if err != nil {
			t.Fatal(err)
		}
		chunk := func() uuid.UUID {
			r, err := app.Search.Search(ctx, identity.System, ws.ID, retrieval.Query{Text: "quixotrope", K: 1})
			if err != nil || len(r.Hits) != 1 {
				t.Fatalf("search found %+v, %v", r.Hits, err)
			}
			return r.Hits[0].ID
		}
		pages := book()[:100]
		pages[90] += " The quixotrope is kept here."
		old, _ := version(ctx, t, app, ws.ID, pages)
		drain(ctx, t, app)
		was := chunk()
		now, _ := version(ctx, t, app, ws.ID, slices.Insert(pages, 3, "Something new comes before it."))
		drain(ctx, t, app)
		if is := chunk(); is != was {
			t.Errorf("the chunk is now %s, was %s", is, was)
		}
		if used, err := store.Janitor().BlobInUse(ctx, old.Original.Key); err != nil || used || now.Original.Key == old.Original.Key {
			t.Errorf("the old file is in use: %v, %v", used, err)
		}
		_, body, err := app.Documents.Open(ctx, identity.System, ws.ID, now.ID)
		if err != nil {
			t.Fatal(err)
		}
		_ = body.Close()
		if swept, err := app.Documents.Sweep(ctx, 0); err != nil || swept.Blobs != 0 {
			t.Errorf("there were %+v left over, %v, want no file", swept, err)
		}
	})
}

func TestWhichDocumentContentBelongsTo(t *testing.T) {
	t.Parallel()
	m := &mortal{embedded: map[string]int{}, batches: -1}
	life(t, t.TempDir(), m, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Rules"})
		if err != nil {
			t.Fatal(err)
		}
		names := map[document.ID]string{}
		for i, step := range []struct {
			content string
			details document.Details
			want    string // the document, and what the content was to it
		}{
			{"one", document.Details{Source: "s", Metadata: map[string]any{"allowed_roles": []any{"admin"}}}, "A created"},
			{"one", document.Details{Title: "ignored"}, "A known"},
			{"one", document.Details{ExternalID: "a"}, "A known"}, // and it gets the name
			{"one", document.Details{ExternalID: "b"}, "B created"},
			{"two", document.Details{ExternalID: "a", Title: "New", Metadata: map[string]any{"tags": "t"}}, "A replaced"},
			{"three", document.Details{Source: "s", Replace: document.ReplaceSource}, "A replaced"},
			{"four", document.Details{Source: "other", Replace: document.ReplaceSource}, "C created"},
			{"five", document.Details{Source: "s"}, "D created"},
			{"six", document.Details{Source: "s", Replace: document.ReplaceSource}, "conflict"},
			{"four", document.Details{ExternalID: "a"}, "A replaced"},
			{"seven", document.Details{ExternalID: "a", Replace: document.ReplaceSource, Source: "s"}, "invalid"},
			{"seven", document.Details{Replace: document.ReplaceSource}, "invalid"},
			{"seven", document.Details{Replace: "title", Source: "s"}, "invalid"},
			{"seven", document.Details{ExternalID: strings.Repeat("x", 501)}, "invalid"},
		} {
			d, arrival, err := app.Documents.Upload(ctx, identity.System, ws.ID,
				document.Incoming{Name: "x.txt", Body: strings.NewReader(step.content)}, step.details)
			got := ""
			switch {
			case errors.Is(err, fault.Conflict):
				got = "conflict"
			case errors.Is(err, fault.Invalid):
				got = "invalid"
			case err != nil:
				t.Fatal(err)
			default:
				if names[d.ID] == "" {
					names[d.ID] = string(rune('A' + len(names)))
				}
				got = names[d.ID] + " " + string(arrival)
			}
			if got != step.want {
				t.Errorf("step %d, %q with %+v: %s, want %s", i, step.content, step.details, got, step.want)
			}
			if names[d.ID] == "A" && len(d.AllowedRoles) != 1 {
				t.Errorf("step %d: the document is open to %v, want administrators", i, d.AllowedRoles)
			}
		}
		drain(ctx, t, app)
	})
}
