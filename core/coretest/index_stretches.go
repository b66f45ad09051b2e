package coretest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// stretches reads parts of texts.
func (w *indexWorld) stretches(s workspace.Scope, reaches ...retrieval.Reach) []retrieval.Stretch {
	w.t.Helper()
	got, err := w.Index().Stretches(w.ctx(), s, reaches)
	w.must(err)
	if len(got) != len(reaches) {
		w.t.Fatalf("Stretches() returned %d for %d", len(got), len(reaches))
	}
	return got
}

// whole is all of the visible text of a document.
func (w *indexWorld) whole(id document.ID) retrieval.Reach {
	w.t.Helper()
	return retrieval.Reach{Generation: w.get(id).Generation, Span: text.Span{End: 1 << 20}}
}

func indexStretches(t *testing.T, w *indexWorld) {
	paragraphs := []string{"Größe zählt", "日本語のテキスト", "it's \x01 odd", "the last"}
	d := w.add(w.draft("doc"), text.German, paragraphs...)
	other := w.add(w.draft("other"), text.English, "another text")
	body, chunks := d.Body, d.Generation.Chunks
	g := w.get(d.ID).Generation
	cut := func(start, end int) retrieval.Stretch {
		span := text.Span{Start: start, End: end}
		out := retrieval.Stretch{Span: span, Text: body[start:end]}
		for _, p := range d.Pages {
			if p.Start < end && start < p.End {
				out.Pages = append(out.Pages, p)
			}
		}
		return out
	}
	kanji := chunks[1].Span.Start
	for _, c := range []struct {
		reach retrieval.Reach
		want  retrieval.Stretch
	}{
		{w.whole(d.ID), cut(0, len(body))},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: 6, End: 9}}, cut(6, 9)},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: -7, End: 4}}, cut(0, 4)},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: kanji + 1, End: kanji + 8}}, cut(kanji+3, kanji+6)},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: kanji + 1, End: kanji + 3}}, retrieval.Stretch{}},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: 5, End: 5}}, retrieval.Stretch{}},
		{retrieval.Reach{Generation: g, Span: text.Span{Start: len(body), End: len(body) + 5}}, retrieval.Stretch{}},
		{retrieval.Reach{Generation: g, Ordinal: 2, Beside: 1, Span: text.Span{End: 1 << 20}}, cut(chunks[1].Span.Start, chunks[3].Span.End)},
		{retrieval.Reach{Generation: g, Ordinal: 0, Beside: 1, Span: text.Span{End: 1 << 20}}, cut(0, chunks[1].Span.End)},
		{retrieval.Reach{Generation: g, Ordinal: 3, Beside: 9, Span: text.Span{Start: 3, End: 1 << 20}}, cut(4, chunks[3].Span.End)},
	} {
		got := w.stretches(w.all, c.reach, w.whole(other.ID), c.reach)
		if diff := cmp.Diff([]retrieval.Stretch{c.want, {Span: text.Span{End: len(other.Body)}, Text: other.Body, Pages: other.Pages}, c.want}, got); diff != "" {
			t.Errorf("Stretches(%+v) differs (-want +got):\n%s", c.reach, diff)
		}
	}
	if got := w.stretches(w.all); len(got) != 0 {
		t.Errorf("Stretches() of nothing = %v", got)
	}
}

func indexHiddenStretches(t *testing.T, w *indexWorld) {
	d := w.draft("secret")
	d.AllowedRoles = []identity.Role{identity.Admin}
	secret := w.add(d, text.English, "nobody knows").ID
	foreign := w.draft("foreign")
	theirs := w.workspace("elsewhere", w.owner)
	foreign.Workspace = theirs.ID
	chunk := w.add(foreign, text.English, "of others").Generation.Chunks[0]
	there, err := w.Index().Chunks(w.ctx(), w.scope(theirs, identity.System), []uuid.UUID{chunk.ID})
	w.must(err)
	elsewhere := retrieval.Reach{Generation: there[0].Generation, Span: text.Span{End: 1 << 20}}
	w.add(w.draft("open"), text.English, "known to all")
	open := w.docs[2].ID
	worker := w.reader(w.user("worker@example.com", identity.Employee))
	reads := func(what string, s workspace.Scope, want string, reaches ...retrieval.Reach) {
		t.Helper()
		var got strings.Builder
		for _, stretch := range w.stretches(s, reaches...) {
			got.WriteString(stretch.Text)
			if stretch.Text == "" && (stretch.Span != text.Span{} || stretch.Pages != nil) {
				t.Errorf("%s: nothing is at %v", what, stretch.Span)
			}
		}
		if got.String() != want {
			t.Errorf("%s: Stretches() = %q, want %q", what, got.String(), want)
		}
	}
	beside := w.whole(secret)
	beside.Beside = 1
	reads("roles", worker, "known to all\n", w.whole(secret), w.whole(open), beside)
	reads("roles", w.all, "nobody knows\nknown to all\nnobody knows", w.whole(secret), w.whole(open), beside)
	reads("another workspace", w.all, "", elsewhere)
	reads("no scope", workspace.Scope{}, "", w.whole(open), w.whole(secret), elsewhere)
	old := w.whole(open)
	w.reprocess(2, text.English, "known anew")
	reads("a generation that was retired", w.all, "known anew\n", old, w.whole(open))
	now := w.whole(open)
	w.delete(2, false)
	reads("a deleted document", w.all, "", now, old)
	reads("no generation", w.all, "", retrieval.Reach{Generation: 1 << 40, Beside: 1, Span: text.Span{End: 5}})
}
