package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTheSameBytesAreOneDocumentUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	c := start(t).admin(t)
	l, other := c.library(t, "one"), c.library(t, "two")
	f := testdata(t, "canteen-en.txt")
	first := l.upload(t, f)
	f.name, f.title = "another-name.txt", "Another title"
	again := l.upload(t, f)
	if first.Duplicate || !again.Duplicate || again.DocumentID != first.DocumentID {
		t.Errorf("the uploads gave %+v and %+v, want one document", first, again)
	}
	if elsewhere := other.upload(t, f); elsewhere.Duplicate || elsewhere.DocumentID == first.DocumentID {
		t.Errorf("another workspace got %+v, want a document of its own", elsewhere)
	}
	l.ready(t, first.DocumentID)
	if all := l.all(t, nil); len(all) != 1 {
		t.Errorf("the list has %d documents, want 1", len(all))
	}
	l.delete(t, first.DocumentID)
	d := l.add(t, f)[0]
	if d.ID == first.DocumentID || d.Title != "Another title" {
		t.Errorf("after the deletion the upload gave %+v, want a new document", d)
	}
	if a := l.ask(t, "Who is the head cook?"); !strings.Contains(a.Answer, "Philippa Drummond") {
		t.Errorf("the new document answers %q", a.Answer)
	}
}

func TestADeletedDocumentAnswersNothingFromThatMoment(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "delete")
	docs := l.add(t, testdata(t, "canteen-en.txt"), testdata(t, "visitors-en.md"))
	gone := docs[0].ID
	l.query(t, "head cook Philippa Drummond", 20) // whatever keeps results has them now
	l.delete(t, gone)
	for _, question := range []string{"Who is the head cook?", "head cook Philippa Drummond", "lunch in the canteen"} {
		for _, m := range l.query(t, question, 20) {
			if m.DocumentID == gone || strings.Contains(m.Content, "Drummond") {
				t.Errorf("%q finds the deleted document: %+v", question, m)
			}
		}
		if a := l.ask(t, question); strings.Contains(a.Answer, "Drummond") || strings.Contains(strings.Join(a.Sources, " "), docs[0].Title) {
			t.Errorf("%q is answered from the deleted document: %+v", question, a)
		}
	}
	for _, rest := range []string{"", "/text"} {
		refused(t, l.client, http.StatusNotFound, "GET", l.documentPath(gone, rest), nil)
	}
	refused(t, l.client, http.StatusNotFound, "DELETE", l.documentPath(gone, ""), nil)
	refused(t, l.client, http.StatusNotFound, "POST", l.documentPath(gone, "/reprocess"), nil)
	refused(t, l.client, http.StatusNotFound, "POST", l.documentPath(gone, "/cancel"), nil)
	if all := l.all(t, nil); len(all) != 1 || all[0].ID != docs[1].ID {
		t.Errorf("the list has %+v, want the other document only", all)
	}
	if a := l.ask(t, "How much does a lost badge cost?"); !strings.Contains(a.Answer, "12 pounds") {
		t.Errorf("the other document answers %q", a.Answer)
	}
}

func TestACancelledDocumentStaysCancelledUntilItIsProcessedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "WORKERS=0")
	l := w.http(t).admin(t).library(t, "cancel")
	id := l.upload(t, testdata(t, "canteen-en.txt")).DocumentID
	other := l.upload(t, testdata(t, "visitors-en.md")).DocumentID
	if d := l.get(t, id); d.Status != "PENDING" || d.Progress.Stage != "queued" || d.ChunkCount != 0 {
		t.Errorf("without workers the document is %+v, want it PENDING", d)
	}
	refused(t, l.client, http.StatusNotFound, "GET", l.documentPath(id, "/text"), nil)
	expect[any](t, l.client, http.StatusOK, "POST", l.documentPath(id, "/cancel"), nil)
	refused(t, l.client, http.StatusConflict, "POST", l.documentPath(id, "/cancel"), nil)

	w.worker(t, "WORKERS=1")
	l.ready(t, other)
	if d := l.get(t, id); d.Status != "CANCELLED" || d.ChunkCount != 0 {
		t.Errorf("the cancelled document is %+v", d)
	}
	refused(t, l.client, http.StatusConflict, "POST", l.documentPath(other, "/cancel"), nil)
	r := expect[uploaded](t, l.client, http.StatusAccepted, "POST", l.documentPath(id, "/reprocess"), nil)
	if r.Status != "PENDING" {
		t.Errorf("reprocess says %+v, want PENDING", r)
	}
	if d := l.ready(t, id); d.Run != 2 {
		t.Errorf("the document is in run %d, want 2", d.Run)
	}
}

func TestADocumentKeepsAnsweringWhileItIsProcessedAgain(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "again")
	before := l.add(t, testdata(t, "handbook-en.pdf"))[0]
	hits := l.query(t, "How many solar panels does the roof in Leeds carry?", 5)
	expect[any](t, l.client, http.StatusAccepted, "POST", l.documentPath(before.ID, "/reprocess"), nil)
	var after document
	eventually(t, "the document is processed again", func() bool {
		after = l.get(t, before.ID)
		if after.ChunkCount != before.ChunkCount || after.PageCount != before.PageCount {
			t.Errorf("meanwhile the document is %+v", after)
		}
		if a := l.ask(t, "How many solar panels does the roof in Leeds carry?"); !strings.Contains(a.Answer, "620") {
			t.Errorf("meanwhile the answer is %q", a.Answer)
		}
		return after.settled()
	})
	if after.Status != "READY" || after.Run != 2 {
		t.Errorf("the document is %+v, want it READY in run 2", after)
	}
	for i, h := range l.query(t, "How many solar panels does the roof in Leeds carry?", 5) {
		if i >= len(hits) || h.ChunkID != hits[i].ChunkID {
			t.Errorf("hit %d is %+v, want the same as before", i, h)
		}
	}
}

func TestProgressOnlyEverGoesForward(t *testing.T) {
	t.Parallel()
	l := start(t, "WORKERS=1").admin(t).library(t, "progress")
	id := l.upload(t, testdata(t, "manual-es.pdf")).DocumentID
	stages := map[string]int{"queued": 0, "parsing": 1, "chunking": 2, "embedding": 3, "indexing": 4, "done": 5}
	last := 0
	eventually(t, "the document is ready", func() bool {
		d := l.get(t, id)
		at, known := stages[d.Progress.Stage]
		if !known || at < last || d.Progress.Total > 0 && d.Progress.Done > d.Progress.Total {
			t.Errorf("after stage %d the progress is %+v", last, d.Progress)
		}
		last = at
		return d.settled()
	})
	if d := l.ready(t, id); d.Progress.Done != d.ChunkCount || d.Progress.Total != d.ChunkCount {
		t.Errorf("in the end the progress is %+v for %d chunks", d.Progress, d.ChunkCount)
	}
}

func TestTheNameOfAFileIsDataAndNeverAPath(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "names")
	for name, want := range map[string]string{
		"../../etc/passwd.txt": "passwd.txt", `C:\Users\me\notes.txt`: "notes.txt", "résumé ñ.txt": "résumé ñ.txt",
		strings.Repeat("x", 300) + ".txt": strings.Repeat("x", 251) + ".txt",
	} {
		d := l.add(t, file{name: name, content: []byte("The name of this file is " + name)})[0]
		if d.FileName != want {
			t.Errorf("the file %q is called %q, want %q", name, d.FileName, want)
		}
	}
}

func TestMetadataOfAnUploadIsKeptAndCanBeSearchedFor(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "metadata")
	f := testdata(t, "canteen-en.txt")
	f.title, f.metadata = "The canteen", `{"tags": ["food", "leeds"], "owner": {"name": "Zebedee"}}`
	d := l.add(t, f, testdata(t, "visitors-en.md"))[0]
	if d.Title != "The canteen" || strings.Join(d.Tags, " ") != "food leeds" || d.Metadata["owner"] == nil {
		t.Errorf("the document is %+v", d)
	}
	for _, q := range []url.Values{{"tag": {"food"}}, {"q": {"zebedee"}}, {"q": {"CANTEEN"}}, {"q": {"canteen-en"}}} {
		if found := l.all(t, q); len(found) != 1 || found[0].ID != d.ID {
			t.Errorf("the list for %v has %+v", q, found)
		}
	}
	for _, filter := range []map[string]any{
		{"tags": []string{"food"}}, {"document_ids": []string{d.ID}}, {"mime_types": []string{"text/plain"}},
	} {
		out := expect[struct{ Matches []match }](t, l.client, http.StatusOK, "POST", l.path("/query"),
			map[string]any{"query": "badge dishes Leeds Friday", "top_k": 20, "filter": filter})
		if len(out.Matches) == 0 {
			t.Errorf("the filter %v finds nothing", filter)
		}
		for _, m := range out.Matches {
			if m.DocumentID != d.ID {
				t.Errorf("the filter %v lets %+v through", filter, m)
			}
		}
	}
}
