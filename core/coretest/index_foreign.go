package coretest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// answered is what a search of each arm found: ids, order and scores, and the terms that words were read as.
type answered struct {
	Words []retrieval.Matches
	Dense [][]retrieval.Scored
}

// indexForeignHistory asks a workspace the same queries again and again, while documents of the same words, of words that look
// like them, and some of the very same texts, come, change, go and are compacted in others.
func indexForeignHistory(t *testing.T, w *indexWorld) {
	r := randomly{rand.New(rand.NewPCG(13, 17))}
	worker := w.user("worker@example.com", identity.Employee)
	for i := range 12 {
		d := w.draft(fmt.Sprint("own ", i))
		r.describe(&d, w.owner.ID, worker.ID)
		w.add(d, r.language(), r.paragraphs()...)
	}
	w.delete(3, false)
	own := len(w.docs)
	scopes := []workspace.Scope{w.all, w.reader(worker)}
	lexical, dense := make([]retrieval.LexicalQuery, 16), make([]retrieval.DenseQuery, 4)
	for i := range lexical {
		lexical[i] = r.lexical()
	}
	for i := range dense {
		dense[i] = r.dense()
	}
	ask := func() (out answered) {
		for _, s := range scopes {
			for _, q := range lexical {
				found, err := w.Index().Lexical(w.ctx(), s, q)
				w.must(err)
				out.Words = append(out.Words, found)
			}
			for _, q := range dense {
				found, err := w.Index().Dense(w.ctx(), s, q)
				w.must(err)
				out.Dense = append(out.Dense, found)
			}
		}
		return out
	}
	before := ask()
	if diff := cmp.Diff(before, ask()); diff != "" {
		t.Fatalf("the same queries find something else (-first +again):\n%s", diff)
	}
	away := []workspace.ID{w.workspace("Away", w.owner).ID, w.workspace("Far away", w.owner).ID}
	for step := range 60 {
		foreign := len(w.docs) - own
		switch n := r.IntN(10); {
		case n < 5 || foreign == 0:
			d := w.draft(fmt.Sprint("foreign ", step))
			d.Workspace = pick(r, away...)
			paragraphs := r.paragraphs()
			if text := pick(r, w.docs[:own]...).Body; text != "" {
				paragraphs = append(paragraphs, text)
			}
			w.add(d, r.language(), paragraphs...)
		case n < 7:
			w.reprocess(own+r.IntN(foreign), r.language(), r.paragraphs()...)
		case n < 9:
			w.delete(own+r.IntN(foreign), r.IntN(2) == 0)
		default:
			w.must(w.Janitor().Compact(w.ctx(), pick(r, away...)))
		}
		if step%5 != 4 {
			continue
		}
		if diff := cmp.Diff(before, ask()); diff != "" {
			t.Fatalf("after step %d (-before +after):\n%s", step, diff)
		}
	}
}
