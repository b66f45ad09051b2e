package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// The server was started again with another model of the same name, and has learned its dimension anew.
func TestStoredVectorsOfAnotherDimensionAreDoneWithout(t *testing.T) {
	t.Parallel()
	ctx, in := t.Context(), newInstallation(t)
	ws, _ := bring(t, in.app(t, small), manual(wanted, -1))
	drain(ctx, t, in.app(t, small))
	app := in.namesake(t)
	found, err := app.Search.Search(ctx, identity.System, ws, retrieval.Query{Text: "pump", K: wanted, Diverse: new(true)})
	if err != nil || len(found.Hits) != wanted {
		t.Fatalf("%d hits, %v; want %d", len(found.Hits), err, wanted)
	}
	if l := found.Trace.Degraded; len(l) != 1 || l[0].Step != retrieval.StepDense || l[0].Reason != llm.ReasonDimension {
		t.Errorf("the search did without %v", l)
	}
	_, err = app.Search.Search(ctx, identity.System, ws, retrieval.Query{Text: "pump", Arms: retrieval.DenseArm})
	if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || f.Reason != llm.ReasonDimension {
		t.Errorf("by vectors alone: %v, want unavailable because of the dimension", err)
	}
}

// namesake starts a program whose model has the name of the small one.
func (in *installation) namesake(t *testing.T) *core.App {
	t.Helper()
	return in.started(t, namesake{in.embedder(t, large), in.space(small)}, nil)
}

func (in *installation) started(t *testing.T, e llm.Embedder, now func() time.Time) *core.App {
	t.Helper()
	app, err := core.New(core.Ports{
		Store: in.store, Blobs: in.blobs, Parser: parse.InProcess(parse.Options{}), Generator: offline.NewGenerator(), Embedder: e,
	}, &core.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestDocumentsWaitUntilTheModelFitsTheStoredVectors(t *testing.T) {
	t.Parallel()
	ctx, sys, in := t.Context(), identity.System, newInstallation(t)
	right, wrong := in.app(t, small), in.namesake(t)
	ws, _ := bring(t, right, manual(2, -1))
	drain(ctx, t, right)
	id := upload(t, wrong, ws, manual(3, -1))
	if err := wrong.Drain(ctx); !errors.Is(err, fault.Unavailable) {
		t.Errorf("with another model: %v, want unavailable", err)
	}
	jobs, err := wrong.Jobs(ctx, sys, event.Filter{State: event.Pending})
	if err != nil || len(jobs) != 1 || jobs[0].Failures != 1 || !strings.Contains(jobs[0].Error, "12") {
		t.Fatalf("jobs %+v, %v; want one that is tried again and says which dimension came", jobs, err)
	}
	later := in.started(t, in.embedder(t, small), func() time.Time { return time.Now().UTC().Truncate(time.Microsecond).Add(time.Hour) })
	drain(ctx, t, later)
	if d, err := later.Documents.Get(ctx, sys, ws, id); err != nil || d.Status != document.Ready {
		t.Errorf("with the right model, the document is %s, %+v, %v", d.Status, d.Failure, err)
	}
}

// namesake is a model by the name of another one.
type namesake struct {
	llm.Embedder
	name string
}

func (n namesake) Space() llm.Space {
	return llm.Space{Name: n.name, Dimension: n.Embedder.Space().Dimension}
}
