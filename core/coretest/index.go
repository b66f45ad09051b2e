package coretest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TestIndex checks retrieval.Index. open returns an empty store that is closed when the test ends.
func TestIndex[S Content](t *testing.T, open func(*testing.T) S) {
	for _, c := range []struct {
		name  string
		check func(t *testing.T, w *indexWorld)
	}{
		{"an empty workspace finds nothing", indexEmpty},
		{"what asks for nothing finds nothing", indexAskNothing},
		{"a chunk is found by its words and by its meaning", indexFinds},
		{"searches equal brute force through any history", indexHistory},
		{"other workspaces never change a result", indexForeign},
		{"whatever happens in other workspaces never changes a result", indexForeignHistory},
		{"what the scope doesn't see neither shows nor takes the place of what it sees", indexScope},
		{"a filter takes no place from what it lets pass", indexFilter},
		{"equal scores are ordered by id and cut", indexTies},
		{"a word that nobody knows stands for those that look like it", indexSpellings},
		{"what the scope doesn't see gives no spelling", indexHiddenSpellings},
		{"stretches of texts are read byte for byte", indexStretches},
		{"stretches of what the scope doesn't see aren't there", indexHiddenStretches},
		{"a document changes from one moment to the next", indexRetired},
		{"a change of roles counts at once", indexRoles},
		{"each space has its own vectors", indexSpaces},
		{"many documents compact to the same results", indexCompact},
		{"searches while documents switch see one generation", indexWhileSwitching},
		{"a search ends with its context", indexCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, &indexWorld{contentWorld: newContentWorld(t, open(t))})
		})
	}
}

func (w *indexWorld) update(s workspace.Scope, id document.ID, change func(d *document.Document)) error {
	_, err := w.Documents().Update(w.ctx(), s, id, func(d *document.Document) ([]event.Event, error) {
		change(d)
		return nil, nil
	})
	return err
}

// asked makes a query for words, one group each.
func asked(k int, words ...string) retrieval.LexicalQuery {
	q := retrieval.LexicalQuery{BM25: retrieval.DefaultBM25(), K: k}
	for _, word := range words {
		q.Terms = append(q.Terms, retrieval.TermGroup{Alternatives: []string{word}, Weight: 1})
	}
	return q
}

// meant makes a query for what a text means.
func meant(k int, s string) retrieval.DenseQuery {
	return retrieval.DenseQuery{Space: contentSpace(), Vector: contentVector(document.HashText(s)), K: k}
}

// checkLexical compares a search with brute force and returns what was found.
func (w *indexWorld) checkLexical(s workspace.Scope, q retrieval.LexicalQuery) []retrieval.Scored {
	w.t.Helper()
	got, err := w.Index().Lexical(w.ctx(), s, q)
	w.must(err)
	if diff := cmp.Diff(w.lexical(s, q), got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("Lexical(%+v) differs (-want +got):\n%s", q, diff)
	}
	return got.Scored
}

// checkDense compares a search with brute force and returns what was found.
func (w *indexWorld) checkDense(s workspace.Scope, q retrieval.DenseQuery) []retrieval.Scored {
	w.t.Helper()
	got, err := w.Index().Dense(w.ctx(), s, q)
	w.must(err)
	if diff := cmp.Diff(w.dense(s, q), got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("Dense(%+v) differs (-want +got):\n%s", q, diff)
	}
	return got
}

// checkRead compares everything but searches with what the world remembers.
func (w *indexWorld) checkRead(s workspace.Scope) {
	w.t.Helper()
	languages, err := w.Index().Languages(w.ctx(), s)
	w.must(err)
	if diff := cmp.Diff(w.languages(s), languages, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("Languages() differs (-want +got):\n%s", diff)
	}
	var ids []uuid.UUID
	texts, vectors := map[uuid.UUID]string{}, map[uuid.UUID]llm.Vector{}
	for _, d := range w.docs {
		for _, c := range d.Generation.Chunks {
			ids = append(ids, c.ID)
			if d.Workspace == s.Workspace() && s.Sees(d.AllowedRoles, d.Uploader) {
				texts[c.ID], vectors[c.ID] = d.ID.String()+" "+c.Text, contentVector(c.Embedded)
			}
		}
	}
	chunks, err := w.Index().Chunks(w.ctx(), s, ids)
	w.must(err)
	gotTexts := map[uuid.UUID]string{}
	for _, c := range chunks {
		gotTexts[c.ID] = c.Document.String() + " " + c.Text
	}
	if diff := cmp.Diff(texts, gotTexts); diff != "" || len(chunks) != len(texts) {
		w.t.Errorf("Chunks() returned %d and differs (-want +got):\n%s", len(chunks), diff)
	}
	got, err := w.Index().Vectors(w.ctx(), s, contentSpace(), ids)
	w.must(err)
	if diff := cmp.Diff(vectors, got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("Vectors() differs (-want +got):\n%s", diff)
	}
}

func indexEmpty(_ *testing.T, w *indexWorld) {
	for _, s := range []workspace.Scope{w.all, {}} {
		w.checkLexical(s, asked(10, "a"))
		w.checkDense(s, meant(10, "a"))
		w.checkRead(s)
	}
	w.add(w.draft("none"), text.English)
	w.checkLexical(w.all, asked(10, "a"))
	w.checkDense(w.all, meant(10, "a"))
	w.checkRead(w.all)
}

func indexAskNothing(_ *testing.T, w *indexWorld) {
	w.add(w.draft("doc"), text.English, "a b", "c")
	for _, q := range []retrieval.LexicalQuery{asked(0, "a"), asked(10), asked(10, "z"), asked(10, "")} {
		w.checkLexical(w.all, q)
	}
	q := asked(10, "a")
	q.Terms[0].Alternatives = nil
	w.checkLexical(w.all, q)
	w.checkDense(w.all, meant(0, "a"))
	w.checkLexical(workspace.Scope{}, asked(10, "a"))
	w.checkDense(workspace.Scope{}, meant(10, "a"))
	w.checkRead(workspace.Scope{})
	chunks, err := w.Index().Chunks(w.ctx(), w.all, []uuid.UUID{uuid.New()})
	w.must(err)
	vectors, err := w.Index().Vectors(w.ctx(), w.all, contentSpace(), nil)
	w.must(err)
	if len(chunks)+len(vectors) != 0 {
		w.t.Errorf("%d chunks and %d vectors of nothing", len(chunks), len(vectors))
	}
}

func indexFinds(t *testing.T, w *indexWorld) {
	d := w.add(w.draft("doc"), text.German, "größe zählt", "größe größe zählt nicht", "nichts")
	want := d.Generation.Chunks[1]
	if got := w.checkLexical(w.all, asked(2, "größe")); len(got) != 2 || got[0].Chunk != want.ID {
		t.Errorf("Lexical() = %v, want chunk %s first of two", got, want.ID)
	}
	if got := w.checkLexical(w.all, asked(5, "nicht", "größe")); len(got) != 2 || got[0].Chunk != want.ID {
		t.Errorf("Lexical() = %v, want chunk %s first of two", got, want.ID)
	}
	w.checkDense(w.all, meant(2, want.Text))
	w.checkRead(w.all)
}

// indexHistory takes documents of two workspaces through everything that can happen to them and compares as it goes.
func indexHistory(t *testing.T, w *indexWorld) {
	r := randomly{rand.New(rand.NewPCG(7, 11))}
	away := w.workspace("Away", w.owner)
	worker := w.user("worker@example.com", identity.Employee)
	scopes := []workspace.Scope{w.all, w.reader(worker), w.reader(w.owner), w.scope(away, identity.System)}
	for step := range 100 {
		switch n := r.IntN(20); {
		case n < 9 || len(w.docs) == 0:
			d := w.draft(fmt.Sprint("doc ", step))
			d.Workspace = pick(r, w.ws.ID, w.ws.ID, away.ID)
			r.describe(&d, w.owner.ID, worker.ID, uuid.Nil)
			w.add(d, r.language(), r.paragraphs()...)
		case n < 13:
			w.reprocess(r.IntN(len(w.docs)), r.language(), r.paragraphs()...)
		case n < 17:
			w.delete(r.IntN(len(w.docs)), r.IntN(2) == 0)
		default:
			w.must(w.Janitor().Compact(w.ctx(), pick(r, w.ws.ID, away.ID)))
		}
		for range 2 {
			s := pick(r, scopes...)
			l, d := r.lexical(), r.dense()
			l.Filter, d.Filter = r.filter(w.docs, w.now), r.filter(w.docs, w.now)
			w.checkLexical(s, l)
			w.checkDense(s, d)
		}
		if step%20 == 0 {
			w.checkRead(pick(r, scopes...))
		}
		if t.Failed() {
			t.Fatalf("after step %d", step)
		}
	}
}

func indexForeign(t *testing.T, w *indexWorld) {
	w.add(w.draft("a"), text.English, "common rare", "common", "other")
	lexical, dense := w.checkLexical(w.all, asked(10, "common", "rare")), w.checkDense(w.all, meant(10, "common"))
	away := w.workspace("Away", w.owner)
	for i := range 20 {
		d := w.draft(fmt.Sprint("foreign ", i))
		d.Workspace = away.ID
		w.add(d, text.German, "common rare", "rare", "common common")
	}
	if diff := cmp.Diff(lexical, w.checkLexical(w.all, asked(10, "common", "rare"))); diff != "" {
		t.Errorf("Lexical() changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(dense, w.checkDense(w.all, meant(10, "common"))); diff != "" {
		t.Errorf("Dense() changed (-before +after):\n%s", diff)
	}
	w.checkRead(w.all)
}

func indexScope(t *testing.T, w *indexWorld) {
	for i := range 40 {
		d := w.draft(fmt.Sprint("secret ", i))
		d.AllowedRoles = []identity.Role{identity.Admin}
		w.add(d, text.German, "word word", "word meaning")
	}
	for i := range 5 {
		w.add(w.draft(fmt.Sprint("open ", i)), text.English, "word and much more that is said here")
	}
	worker := w.reader(w.user("worker@example.com", identity.Employee))
	admin := w.reader(w.user("admin@example.com", identity.Admin))
	for s, want := range map[workspace.Scope]int{worker: 5, admin: 45, w.reader(w.owner): 45} {
		if got := w.checkLexical(s, asked(45, "word")); len(got) < want || s == worker && len(got) != want {
			t.Errorf("Lexical() found %d chunks, want %d", len(got), want)
		}
		w.checkDense(s, meant(5, "word word"))
		w.checkRead(s)
	}
}

func indexFilter(t *testing.T, w *indexWorld) {
	for i := range 60 {
		w.add(w.draft(fmt.Sprint("other ", i)), text.English, "word word")
	}
	d := w.draft("wanted")
	d.Tags, d.Metadata, d.Original.MediaType = []string{"a", `b","c`}, map[string]any{"n": 7, `q"k.`: "v"}, "x/y"
	d.CreatedAt = w.now.AddDate(1, 0, 0)
	d = w.add(d, text.German, "word and much more that is said here").Document
	for _, f := range []retrieval.Filter{
		{Documents: []document.ID{uuid.New(), d.ID}},
		{Tags: []string{`b","c`, "a"}},
		{MediaTypes: []string{"x/y"}},
		{Sources: []string{d.Source, "z"}},
		{Languages: []text.Language{text.German}},
		{Metadata: map[string]string{"n": "7"}},
		{From: w.now.AddDate(0, 1, 0)},
		{From: d.CreatedAt, To: d.CreatedAt.AddDate(0, 0, 1)},
		{Tags: []string{"a"}, MediaTypes: []string{"x/y"}},
	} {
		l, m := asked(1, "word"), meant(1, "word word")
		l.Filter, m.Filter = f, f
		if a, b := w.checkLexical(w.all, l), w.checkDense(w.all, m); len(a) != 1 || len(b) != 1 {
			t.Errorf("with %+v %d and %d chunks were found, want 1 and 1", f, len(a), len(b))
		}
	}
	for _, f := range []retrieval.Filter{
		{Documents: []document.ID{uuid.New()}},
		{Tags: []string{"a", "c"}},
		{Tags: []string{"b"}},
		{To: w.now},
		{MediaTypes: []string{"x/y"}, Languages: []text.Language{text.English}},
		{Metadata: map[string]string{"n": "07"}},
	} {
		l, m := asked(100, "word"), meant(100, "word word")
		l.Filter, m.Filter = f, f
		if a, b := w.checkLexical(w.all, l), w.checkDense(w.all, m); len(a)+len(b) != 0 {
			t.Errorf("with %+v %d and %d chunks were found, want none", f, len(a), len(b))
		}
	}
}

func indexTies(t *testing.T, w *indexWorld) {
	for i := range 70 {
		w.add(w.draft(fmt.Sprint("same ", i)), text.English, "same words", "same words")
	}
	w.add(w.draft("more"), text.English, "same same words")
	for _, k := range []int{1, 2, 10, 139, 141, 500} {
		w.checkLexical(w.all, asked(k, "same"))
		got := w.checkDense(w.all, meant(k, "same words"))
		if len(got) != min(k, 141) {
			t.Errorf("Dense() found %d chunks, want %d", len(got), min(k, 141))
		}
	}
}

func indexRetired(_ *testing.T, w *indexWorld) {
	w.add(w.draft("first"), text.English, "old words", "common words")
	w.add(w.draft("second"), text.English, "old times")
	check := func() {
		w.checkLexical(w.all, asked(10, "old", "common", "new"))
		w.checkDense(w.all, meant(10, "old words"))
		w.checkRead(w.all)
	}
	check()
	w.reprocess(0, text.German, "common words", "new words")
	check()
	w.reprocess(0, text.German)
	check()
	w.delete(1, false)
	check()
	w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
	check()
	w.reprocess(0, text.German, "old and new")
	w.delete(0, true)
	w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
	check()
}

func indexRoles(_ *testing.T, w *indexWorld) {
	w.add(w.draft("doc"), text.English, "secret words", "secret secret secret")
	w.add(w.draft("open"), text.English, "secret", "open words of some length") // how rare words are must not tell of the other
	s := w.reader(w.user("worker@example.com", identity.Employee))
	for _, roles := range [][]identity.Role{{identity.Admin}, {identity.Employee}, nil, {identity.Admin}} {
		w.must(w.update(w.all, w.docs[0].ID, func(d *document.Document) { d.AllowedRoles = roles }))
		w.docs[0].AllowedRoles = roles
		w.checkLexical(s, asked(10, "secret"))
		w.checkLexical(s, asked(10, "secret words"))
		w.checkDense(s, meant(10, "secret words"))
		w.checkRead(s)
	}
}

func indexSpaces(t *testing.T, w *indexWorld) {
	d := w.add(w.draft("doc"), text.English, "a b", "c")
	q := meant(10, "a b")
	w.checkDense(w.all, q)
	q.Space = llm.Space{Name: "elsewhere", Dimension: 4}
	got, err := w.Index().Dense(w.ctx(), w.all, q)
	w.must(err)
	vectors, err := w.Index().Vectors(w.ctx(), w.all, q.Space, []uuid.UUID{d.Generation.Chunks[0].ID})
	w.must(err)
	if len(got)+len(vectors) != 0 {
		t.Errorf("an unknown space has %d hits and %d vectors", len(got), len(vectors))
	}
	other := w.add(w.draft("other"), text.English, "a b")
	moved := d.Generation
	moved.Spaces = []llm.Space{q.Space}
	for _, part := range [][]document.Chunk{d.Generation.Chunks[:1], d.Generation.Chunks} {
		moved.Chunks = part
		w.embed(moved)
		got, err := w.Index().Dense(w.ctx(), w.all, q)
		w.must(err)
		if len(got) != len(part)+1 || got[0].Score != got[1].Score {
			t.Errorf("Dense() = %v, want %d chunks and the one of the same text", got, len(part))
		}
	}
	q.Filter.Documents = []document.ID{other.ID}
	got, err = w.Index().Dense(w.ctx(), w.all, q)
	w.must(err)
	if len(got) != 1 || got[0].Chunk != other.Generation.Chunks[0].ID {
		t.Errorf("Dense() in the other document = %v, want its chunk", got)
	}
}

func indexCompact(t *testing.T, w *indexWorld) {
	r := randomly{rand.New(rand.NewPCG(3, 5))}
	for i := range 100 {
		w.add(w.draft(fmt.Sprint("doc ", i)), text.English, append(r.paragraphs(), r.word())...)
	}
	check := func() {
		for range 5 {
			w.checkLexical(w.all, r.lexical())
		}
		w.checkDense(w.all, r.dense())
	}
	check()
	for range 3 {
		w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
		check()
		for range 25 {
			w.delete(r.IntN(len(w.docs)), true)
		}
		check()
		if t.Failed() {
			return
		}
	}
}

// indexWhileSwitching searches for words that are in every version of every document, while these are replaced and the
// index is compacted. Each search must find every document once.
func indexWhileSwitching(t *testing.T, w *indexWorld) {
	const documents, rounds = 6, 6
	for i := range documents {
		w.add(w.draft(fmt.Sprint("doc ", i)), text.English, fmt.Sprint("common version0 doc", i))
	}
	stop := make(chan struct{})
	var searchers sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		searchers.Go(func() {
			for errs[i] == nil {
				errs[i] = w.findsAll(documents)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for round := range rounds {
		for i := range documents {
			w.reprocess(i, text.English, fmt.Sprintf("common version%d doc%d", round, i))
		}
		w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
	}
	close(stop)
	searchers.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// findsAll reports an error unless both arms find so many chunks, all different.
func (w *indexWorld) findsAll(n int) error {
	lexical, err := w.Index().Lexical(w.ctx(), w.all, asked(10*n, "common"))
	if err != nil {
		return err
	}
	dense, err := w.Index().Dense(w.ctx(), w.all, meant(10*n, "common"))
	if err != nil {
		return err
	}
	for _, found := range [][]retrieval.Scored{lexical.Scored, dense} {
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.Chunk.String()
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != n || len(found) != n {
			return fmt.Errorf("a search found %d chunks, want %d: %v", len(found), n, ids)
		}
	}
	return nil
}

func indexCancelled(_ *testing.T, w *indexWorld) {
	w.add(w.draft("doc"), text.English, "a b")
	ctx := newCutOff(w.ctx(), 1<<60)
	ctx.end()
	_, err := w.Index().Lexical(ctx, w.all, asked(1, "a"))
	w.is("Lexical", err, ctx.Err())
	_, err = w.Index().Dense(ctx, w.all, meant(1, "a"))
	w.is("Dense", err, ctx.Err())
	w.checkDense(w.all, meant(1, "a b"))
}
