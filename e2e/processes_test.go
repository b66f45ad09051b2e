package e2e

import (
	"slices"
	"sync"
	"testing"
)

func TestManyProcessesOnOneFolderDoTheWorkOfOne(t *testing.T) {
	t.Parallel()
	n := 60
	if testing.Short() {
		n = 20
	}
	files := corpus(t, n)
	w := newWorld(t, "WORKER_LEASE=5s")
	shells := []*shell{w.http(t), w.http(t, "WORKERS=1")}
	workers := []*shell{w.worker(t), w.worker(t)}
	l := shells[0].admin(t).library(t, "many")
	libraries := []*library{l, l.as(l.at(shells[1]))}

	var uploads sync.WaitGroup
	for i, at := range libraries {
		uploads.Go(func() {
			for j, f := range files {
				if j%3 != 1-i { // a third through both at once
					if r := at.offer(t, f); r.status != 202 {
						t.Errorf("upload of %s = %d: %s", f.name, r.status, r.body)
					}
				}
			}
		})
	}
	uploads.Wait()
	eventually(t, "all documents are settled", func() bool {
		return !slices.ContainsFunc(l.all(t, nil), func(d document) bool { return !d.settled() })
	})
	want := undisturbed(t, files)
	for _, at := range libraries {
		at.expectWhole(t, files, want)
	}
	// What one process knows and deletes, the other no longer finds.
	gone := l.query(t, "INV0001X", 1)[0].DocumentID
	libraries[1].delete(t, gone)
	for _, at := range libraries {
		for _, m := range at.query(t, "INV0001X", 20) {
			if m.DocumentID == gone {
				t.Errorf("a document that another process has deleted is found: %+v", m)
			}
		}
	}
	for _, s := range append(shells, workers...) {
		s.stop(t)
	}
}

func TestADocumentOfAnAPIWithoutWorkersIsProcessedByAWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "WORKERS=1")
	l := w.http(t, "WORKERS=0").admin(t).library(t, "split")
	id := l.upload(t, testdata(t, "handbook-en.pdf")).DocumentID
	first := w.worker(t, "WORKER_LEASE=1s")
	eventually(t, "the worker has begun", func() bool { return l.get(t, id).Status != "PENDING" })
	first.kill(t)
	w.worker(t)
	if d := l.ready(t, id); d.PageCount != 24 {
		t.Errorf("the document is %+v", d)
	}
}
