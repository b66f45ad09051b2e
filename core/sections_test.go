package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// chapters is a document of sections under headings, in each of which a word of its own stands in the second of some paragraphs.
func chapters(n int) string {
	rng := rand.New(rand.NewPCG(11, 11)) //nolint:gosec // no secrecy
	var b strings.Builder
	b.WriteString("# Handbook\n\n")
	for i := range n {
		fmt.Fprintf(&b, "## Chapter %d\n\n%s\n\nThe word of this chapter is quixotrope%d, and %s\n\n%s\n\n",
			i, prose(rng, 120), i, prose(rng, 60), prose(rng, 250))
	}
	return b.String()
}

// shelve uploads a version of a Markdown document that clients call by this name, and waits until it is ready.
func shelve(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, name, content string) document.Document {
	t.Helper()
	d, _, err := app.Documents.Upload(ctx, identity.System, ws,
		document.Incoming{Name: name + ".md", Body: strings.NewReader(content)}, document.Details{ExternalID: name})
	if err != nil {
		t.Fatal(err)
	}
	drain(ctx, t, app)
	return d
}

// stored reads a stretch of the text of a document as everybody may read it.
func stored(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, id document.ID) string {
	t.Helper()
	got, err := app.Documents.Text(ctx, identity.System, ws, id)
	if err != nil {
		t.Fatal(err)
	}
	return got.Body
}

// newWorkspace makes a workspace.
func newWorkspace(ctx context.Context, t *testing.T, app *core.App) workspace.ID {
	t.Helper()
	ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	return ws.ID
}

func TestChunksThatStayKnowWhereTheirSectionsAreNow(t *testing.T) {
	t.Parallel()
	life(t, t.TempDir(), &mortal{embedded: map[string]int{}, batches: -1}, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws := newWorkspace(ctx, t, app)
		chunk := func() retrieval.Hit {
			r, err := app.Search.Search(ctx, identity.System, ws, retrieval.Query{Text: "quixotrope7", K: 1})
			if err != nil || len(r.Hits) != 1 {
				t.Fatalf("search found %+v, %v", r.Hits, err)
			}
			return r.Hits[0]
		}
		section := func(h retrieval.Hit) string {
			return stored(ctx, t, app, ws, h.Document)[h.Section.Start:h.Section.End]
		}
		content := chapters(12)
		shelve(ctx, t, app, ws, "handbook", content)
		was := chunk()
		before := section(was)
		if !strings.HasPrefix(before, "Chapter 7\n") || strings.Contains(before, "Chapter 8") || len(before) < 1000 {
			t.Errorf("the section is %q", before)
		}
		shelve(ctx, t, app, ws, "handbook", strings.Replace(content, "## Chapter 3\n", "## Chapter 3\n\nSomething new comes first.\n", 1))
		is := chunk()
		if is.ID != was.ID || is.Section == was.Section || section(is) != before {
			t.Errorf("the chunk is %s in %v, was %s in %v", is.ID, is.Section, was.ID, was.Section)
		}
	})
}
