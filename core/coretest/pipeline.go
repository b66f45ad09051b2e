package coretest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// TestPipeline checks document.Pipeline. open returns an empty store that is closed when the test ends.
func TestPipeline[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, []contentCheck{
		{"starting marks the document as processing and may be repeated", pipelineStart},
		{"a run that is over does not start, one that was given up does", pipelineStartStopped},
		{"progress is stored", pipelineReport},
		{"what has no embedding is missing, in order, each once", pipelineMissing},
		{"embeddings belong to their space", pipelineSpaces},
		{"a vector that does not fit its space is refused", pipelineDimension},
		{"an embedding that is there is left alone", pipelineEmbeddedTwice},
		{"savers of the same embeddings at once don't disturb each other", pipelineSaveAtOnce},
		{"failing marks the document, settles the delivery and keeps what is visible", pipelineFail},
		{"a run can fail without having started", pipelineFailUnstarted},
		{"giving up makes the delivery dead and keeps what is visible", pipelineGiveUp},
		{"a file inside of a document is attached once, and found again by its path", pipelineAttach},
		{"a write without the lease changes nothing", pipelineLeaseLost},
		{"a write of a run that is over changes nothing", pipelineStopped},
	})
	testSwitch(t, open)
	testContexts(t, open)
}

func pipelineStart(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	l, r := w.lease(), document.Run{Document: d.ID, Workspace: d.Workspace, Number: 1}
	want := d
	want.Status, want.Progress = document.Processing, document.Progress{Stage: document.StageParsing}
	for i := range 2 {
		want.UpdatedAt = w.now.Add(time.Duration(i) * time.Second)
		got, err := w.Pipeline().Start(w.ctx(), l, r, want.UpdatedAt)
		w.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Start() differs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, w.get(d.ID)); diff != "" {
			t.Errorf("Document() differs (-want +got):\n%s", diff)
		}
		w.must(w.Pipeline().Report(w.ctx(), l, r, document.Progress{Stage: document.StageEmbedding, Done: 1, Total: 2}, w.now))
	}
	if s := w.state(l); s != event.Leased {
		t.Errorf("the delivery is %s, want leased", s)
	}
}

func pipelineStartStopped(t *testing.T, w *contentWorld) {
	start := func(d document.Document, number int) error {
		r := document.Run{Document: d.ID, Workspace: d.Workspace, Number: number}
		_, err := w.Pipeline().Start(w.ctx(), w.lease(), r, w.now)
		return err
	}
	for _, c := range []struct {
		status document.Status
		code   string
		want   error
	}{
		{document.Pending, "", nil},
		{document.Processing, "", nil},
		{document.Failed, document.ReasonExhausted, nil},
		{document.Failed, document.ReasonCorrupt, document.ErrStopped},
		{document.Ready, "", document.ErrStopped},
		{document.Cancelled, "", document.ErrStopped},
	} {
		d := w.draft(string(c.status) + c.code)
		d.Status, d.Failure, d.Run = c.status, document.Failure{Code: c.code}, 2
		d = w.put(d)
		w.is("Start of an older run", start(d, 1), document.ErrStopped)
		w.is("Start of a run to come", start(d, 3), document.ErrStopped)
		if diff := cmp.Diff(d, w.get(d.ID)); diff != "" {
			t.Errorf("the document was changed (-want +got):\n%s", diff)
		}
		w.is("Start when "+d.Title, start(d, 2), c.want)
		if got := w.get(d.ID); c.want == nil && (got.Status != document.Processing || got.Failure != document.Failure{}) {
			t.Errorf("after Start the document is %s with failure %v", got.Status, got.Failure)
		}
	}
	w.is("Start of no document", start(w.draft("nowhere"), 1), document.ErrStopped)
	elsewhere := w.put(w.draft("elsewhere"))
	elsewhere.Workspace = w.workspace("Away", w.owner).ID
	w.is("Start in another workspace", start(elsewhere, 1), document.ErrStopped)
}

func pipelineReport(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	l, r := w.start(d)
	want := document.Progress{Stage: document.StageEmbedding, Done: 128, Total: 2000}
	at := w.now.Add(time.Second)
	w.must(w.Pipeline().Report(w.ctx(), l, r, want, at))
	if got := w.get(d.ID); got.Progress != want || got.Status != document.Processing || !got.UpdatedAt.Equal(at) {
		t.Errorf("the document is %s at %+v as of %v", got.Status, got.Progress, got.UpdatedAt)
	}
}

func pipelineMissing(t *testing.T, w *contentWorld) {
	var hashes []document.Hash
	var es []document.Embedding
	var want []document.Hash
	for i := range 5000 {
		h := document.HashText(fmt.Sprint(i))
		hashes = append(hashes, h)
		if i%3 == 0 {
			es = append(es, document.Embedding{Hash: h, Vector: contentVector(h)})
		} else {
			want = append(want, h)
		}
	}
	got, err := w.Pipeline().Missing(w.ctx(), contentSpace(), hashes)
	w.must(err)
	if diff := cmp.Diff(hashes, got); diff != "" {
		t.Errorf("Missing() in an unknown space differs (-want +got):\n%s", diff)
	}
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), contentSpace(), es, w.now))
	got, err = w.Pipeline().Missing(w.ctx(), contentSpace(), slices.Concat(hashes, hashes))
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Missing() differs (-want +got):\n%s", diff)
	}
	got, err = w.Pipeline().Missing(w.ctx(), contentSpace(), nil)
	w.must(err)
	if len(got) != 0 {
		t.Errorf("Missing(nothing) = %v", got)
	}
}

func pipelineSpaces(t *testing.T, w *contentWorld) {
	g := w.embed(w.generation(uuid.New(), "one", "two"))
	other := g
	other.Spaces = []llm.Space{{Name: "other", Dimension: 4}}
	if n := w.missing(g); n != 0 {
		t.Errorf("%d embeddings are missing, want none", n)
	}
	if n := w.missing(other); n != 2 {
		t.Errorf("%d embeddings are missing in the other space, want 2", n)
	}
	w.embed(other)
	if n := w.missing(other); n != 0 {
		t.Errorf("%d embeddings are missing in the other space, want none", n)
	}
}

func pipelineDimension(t *testing.T, w *contentWorld) {
	g := w.embed(w.generation(uuid.New(), "one"))
	h := document.HashText("two")
	err := w.Pipeline().SaveEmbeddings(w.ctx(), contentSpace(), []document.Embedding{
		{Hash: h, Vector: contentVector(h)}, {Hash: document.HashText("three"), Vector: llm.Vector{1}},
	}, w.now)
	if err == nil || fault.Of(err) != nil {
		t.Errorf("SaveEmbeddings(short vector) = %v, want an internal error", err)
	}
	wide := llm.Space{Name: g.Spaces[0].Name, Dimension: 5}
	err = w.Pipeline().SaveEmbeddings(w.ctx(), wide, []document.Embedding{{Hash: h, Vector: make(llm.Vector, 5)}}, w.now)
	w.is("SaveEmbeddings(another dimension)", err, fault.Conflict)
	missing, err := w.Pipeline().Missing(w.ctx(), contentSpace(), []document.Hash{h})
	w.must(err)
	if len(missing) != 1 {
		t.Error("a failed SaveEmbeddings stored something")
	}
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), contentSpace(), nil, w.now))
}

func pipelineEmbeddedTwice(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "one", "two")
	h := g.Chunks[0].Embedded
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), g.Spaces[0], []document.Embedding{
		{Hash: h, Vector: llm.Vector{9, 9, 9, 9}}, {Hash: h, Vector: llm.Vector{8, 8, 8, 8}},
	}, w.now))
	got, err := w.Index().Vectors(w.ctx(), w.all, g.Spaces[0], []uuid.UUID{g.Chunks[0].ID, g.Chunks[1].ID})
	w.must(err)
	want := map[uuid.UUID]llm.Vector{g.Chunks[0].ID: contentVector(h), g.Chunks[1].ID: contentVector(g.Chunks[1].Embedded)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Vectors() differs (-want +got):\n%s", diff)
	}
}

func pipelineSaveAtOnce(t *testing.T, w *contentWorld) {
	g := w.generation(uuid.New(), "one", "two", "three")
	w.must(errors.Join(atOnce(10, func(int) error {
		var es []document.Embedding
		for _, c := range g.Chunks {
			es = append(es, document.Embedding{Hash: c.Embedded, Vector: contentVector(c.Embedded)})
		}
		return w.Pipeline().SaveEmbeddings(w.ctx(), g.Spaces[0], es, w.now)
	})...))
	if n := w.missing(g); n != 0 {
		t.Errorf("%d embeddings are missing, want none", n)
	}
}

func pipelineFail(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "old text")
	l, r := w.start(w.again(d.ID))
	want := w.get(d.ID)
	want.Status, want.Failure = document.Failed, document.Failure{Code: document.ReasonCorrupt, Text: "It's 'broken'?"}
	want.UpdatedAt = w.now.Add(time.Second)
	w.must(w.Pipeline().Fail(w.ctx(), l, r, want.Failure, want.UpdatedAt, w.event("failed")))
	if diff := cmp.Diff(want, w.get(d.ID)); diff != "" {
		t.Errorf("Document() differs (-want +got):\n%s", diff)
	}
	got, err := w.Documents().Text(w.ctx(), w.all, d.ID)
	w.must(err)
	if n := w.found(g); got.Body != g.Body || n != 1 {
		t.Errorf("the document answers %q with %d chunks, want the text of the generation before", got.Body, n)
	}
	if s, n := w.state(l), w.count("failed", event.Pending); s != event.Done || n != 1 {
		t.Errorf("the delivery is %s with %d events, want done and 1", s, n)
	}
	err = w.Pipeline().Fail(w.ctx(), w.lease(), r, want.Failure, w.now)
	w.is("Fail again", err, document.ErrStopped)
}

func pipelineFailUnstarted(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	r := document.Run{Document: d.ID, Workspace: d.Workspace, Number: 1}
	w.must(w.Pipeline().Fail(w.ctx(), w.lease(), r, document.Failure{Code: document.ReasonUnsupported}, w.now))
	if got := w.get(d.ID); got.Status != document.Failed || got.Failure.Code != document.ReasonUnsupported {
		t.Errorf("the document is %s because of %q", got.Status, got.Failure.Code)
	}
}

func pipelineGiveUp(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "old text")
	l, r := w.start(w.again(d.ID))
	f := document.Failure{Code: document.ReasonExhausted, Text: "Try again later."}
	caused := f
	caused.Cause = "provider: 500"
	w.must(w.Pipeline().GiveUp(w.ctx(), l, r, caused, w.now, w.event("failed")))
	if got, n := w.get(d.ID), w.found(g); got.Status != document.Failed || got.Failure != f || n != 1 {
		t.Errorf("the document is %s because of %v and answers with %d chunks", got.Status, got.Failure, n)
	}
	dead, err := w.Backlog().Deliveries(w.ctx(), event.Filter{State: event.Dead})
	w.must(err)
	if len(dead) != 1 || dead[0].Event.ID != l.Delivery || dead[0].Error != "provider: 500" || dead[0].Failures != 1 {
		t.Fatalf("dead deliveries: %+v, want the one with its cause", dead)
	}
	n, err := w.Backlog().Replay(w.ctx(), event.Filter{IDs: []uuid.UUID{l.Delivery}}, w.now)
	w.must(err)
	if events := w.count("failed", event.Pending); n != 1 || events != 1 {
		t.Errorf("%d deliveries were replayed with %d events written, want 1 and 1", n, events)
	}
	_, err = w.Pipeline().Start(w.ctx(), w.claim(dead[0].Event.Topic, w.now), r, w.now)
	w.must(err)
}

// runWrites are the methods that write for a run.
func (w *contentWorld) runWrites(g document.Generation) map[string]func(event.Lease, document.Run) error {
	f := document.Failure{Code: document.ReasonCorrupt}
	return map[string]func(event.Lease, document.Run) error{
		"Start": func(l event.Lease, r document.Run) error {
			_, err := w.Pipeline().Start(w.ctx(), l, r, w.now.Add(time.Second))
			return err
		},
		"Report": func(l event.Lease, r document.Run) error {
			return w.Pipeline().Report(w.ctx(), l, r, document.Progress{Stage: document.StageIndexing, Done: 5}, w.now.Add(time.Second))
		},
		"Attach": func(l event.Lease, r document.Run) error {
			return w.Pipeline().Attach(w.ctx(), l, r, "in", func(_ document.Document, d *document.Document) ([]event.Event, error) {
				*d = w.draft("in")
				return []event.Event{w.event("changed")}, nil
			})
		},
		"SaveContexts": func(l event.Lease, r document.Run) error {
			return w.Pipeline().SaveContexts(w.ctx(), l, r, []document.Context{{Key: document.HashText("changed"), Text: "changed"}}, w.now)
		},
		"Switch": func(l event.Lease, r document.Run) error {
			return w.Pipeline().Switch(w.ctx(), l, r, g, w.now.Add(time.Second), w.event("changed"))
		},
		"Fail": func(l event.Lease, r document.Run) error {
			return w.Pipeline().Fail(w.ctx(), l, r, f, w.now.Add(time.Second), w.event("changed"))
		},
		"GiveUp": func(l event.Lease, r document.Run) error {
			return w.Pipeline().GiveUp(w.ctx(), l, r, f, w.now.Add(time.Second), w.event("changed"))
		},
	}
}

func pipelineLeaseLost(_ *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "old", "same")
	lost, r := w.start(w.again(d.ID))
	w.takeOver(lost)
	settled := w.lease()
	w.must(w.Events().Done(w.ctx(), settled, w.now))
	want := w.get(d.ID)
	next := w.embed(w.generation(d.ID, "new", "same"))
	for name, write := range w.runWrites(next) {
		w.is(name+" under a lost lease", write(lost, r), event.ErrLeaseLost)
		w.is(name+" under a settled lease", write(settled, r), event.ErrLeaseLost)
		w.is(name+" under no lease", write(event.Lease{}, r), event.ErrLeaseLost)
		older := r
		older.Number--
		w.is(name+" under a lost lease of an older run", write(lost, older), event.ErrLeaseLost)
		w.unchangedDocument(name, want, g)
	}
}

// unchangedDocument checks that a document and its visible generation are as they were and no event "changed" was written.
func (w *contentWorld) unchangedDocument(what string, want document.Document, g document.Generation) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.get(want.ID)); diff != "" {
		w.t.Errorf("%s changed the document (-want +got):\n%s", what, diff)
	}
	got, err := w.Documents().Text(w.ctx(), w.all, want.ID)
	w.must(err)
	if n := w.found(g); got.Body != g.Body || n != len(g.Chunks) {
		w.t.Errorf("%s changed what is visible to %q with %d chunks of %d", what, got.Body, n, len(g.Chunks))
	}
	if n := w.count("changed", event.Pending); n != 0 {
		w.t.Errorf("%s wrote %d events", what, n)
	}
	if said, there := w.contexts(want.ID)[document.HashText("changed")]; there {
		w.t.Errorf("%s stored the context %q", what, said)
	}
}

func pipelineStopped(_ *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "old", "same")
	_, older := w.start(w.again(d.ID))
	_, r := w.start(w.again(d.ID))
	next := w.embed(w.generation(d.ID, "new", "same"))
	l := w.lease()
	want := w.get(d.ID)
	for name, write := range w.runWrites(next) {
		w.is(name+" of an older run", write(l, older), document.ErrStopped)
		w.unchangedDocument(name, want, g)
	}
	want = w.change(d.ID, func(d *document.Document) { d.Status = document.Cancelled })
	for name, write := range w.runWrites(next) {
		w.is(name+" of a cancelled run", write(l, r), document.ErrStopped)
		w.unchangedDocument(name, want, g)
	}
	w.remove(d.ID)
	for name, write := range w.runWrites(next) {
		w.is(name+" of a deleted document", write(l, r), document.ErrStopped)
	}
	if s := w.state(l); s != event.Leased {
		w.t.Errorf("the delivery is %s, want leased", s)
	}
	if n := w.found(next) + w.found(g); n != 0 {
		w.t.Errorf("%d chunks of the deleted document are found", n)
	}
}
