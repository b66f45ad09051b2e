package core_test

import (
	"testing"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/core"
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
	wide := namesake{in.embedder(t, large), in.space(small)}
	app, err := core.New(core.Ports{
		Store: in.store, Blobs: in.blobs, Parser: parse.InProcess(parse.Options{}), Generator: offline.NewGenerator(), Embedder: wide,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
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

// namesake is a model by the name of another one.
type namesake struct {
	llm.Embedder
	name string
}

func (n namesake) Space() llm.Space {
	return llm.Space{Name: n.name, Dimension: n.Embedder.Space().Dimension}
}
