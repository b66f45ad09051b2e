package e2e

import (
	"testing"
	"time"
)

// A lease of ten minutes that isn't given back would outlast the patience of the test.
func TestAWorkerThatIsToldToStopGivesItsWorkBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "WORKER_LEASE=10m")
	l := w.http(t, "WORKERS=0").admin(t).library(t, "drain")
	id := l.upload(t, testdata(t, "handbook-en.pdf")).DocumentID
	first := w.worker(t, "WORKERS=1", "WORKER_DRAIN_TIMEOUT=2s")
	eventually(t, "the worker has begun", func() bool { return l.get(t, id).Status != "PENDING" })
	began := time.Now()
	first.stop(t)
	if took := time.Since(began); took > patience(30*time.Second) {
		t.Errorf("the worker took %v to stop", took)
	}
	w.worker(t)
	if d := l.ready(t, id); d.PageCount != 24 {
		t.Errorf("the document is %+v", d)
	}
}
