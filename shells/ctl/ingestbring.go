package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/core/document"
)

// sink is where files go.
type sink interface {
	// open chooses the workspace by name or id, and makes it when there is none and create says so.
	open(ctx context.Context, workspace string, create bool) error
	// id is that of the workspace; zero as long as there is none.
	id() uuid.UUID
	// list returns a page of the workspace's documents, and the cursor of the next one; empty on the last page.
	list(ctx context.Context, status document.Status, cursor string) (docs []entry, next string, err error)
	// put uploads files, and returns what came of each, in order. It may return fewer; the rest is then put again. An error
	// means that there is no going on.
	put(ctx context.Context, files []putting) ([]put, error)
	// remove deletes a document.
	remove(ctx context.Context, id uuid.UUID) error
	// work processes documents, if that is ours to do, until ctx ends; that is no error.
	work(ctx context.Context) error
	// bulk is how many files, and how many bytes of them, one put should have at most.
	bulk() (files int, bytes int64)
}

// entry is a document in a list.
type entry struct {
	id       uuid.UUID
	external string
	hash     string
	status   document.Status
	reason   string // why it failed
}

// putting is a file on its way.
type putting struct {
	localFile

	name string // external id
}

// put is what came of a file.
type put struct {
	document uuid.UUID
	arrival  document.Arrival
	refused  string // why it is no document; empty when it is one
	ignored  bool   // refused because of its type
}

// bringing is one run of `ctl ingest`.
type bringing struct {
	*ingesting

	sink  sink
	known map[string]entry // by external id
	tally *tally
	files map[uuid.UUID]string // of the documents that were put
}

// bring uploads what is new or changed.
func (b *bringing) bring(ctx context.Context, files []localFile) error {
	b.files = map[uuid.UUID]string{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.concurrency)
	most, bytes := b.sink.bulk()
	var batch []putting
	var size int64
	flush := func() {
		if full := batch; len(full) > 0 {
			group.Go(func() error { return b.put(ctx, full) })
		}
		batch, size = nil, 0
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		name := b.name(f.rel)
		same, err := b.same(f, name)
		switch {
		case err != nil:
			b.tally.add(f.rel, outcomeFailed, reasonOf(err))
			continue
		case same:
			b.tally.add(f.rel, outcomeUnchanged, "")
			continue
		case b.dryRun:
			b.tally.add(f.rel, outcomeOf(map[bool]document.Arrival{true: document.Replaced, false: document.Created}[b.has(name)]), "")
			continue
		}
		if len(batch) == most || size+f.size > bytes {
			flush()
		}
		batch, size = append(batch, putting{f, name}), size+f.size
	}
	flush()
	return group.Wait()
}

func (b *bringing) has(name string) bool {
	_, ok := b.known[name]
	return ok
}

// same reports whether the workspace has this very file. Only then it is read: a new one is read when it is uploaded.
func (b *bringing) same(f localFile, name string) (bool, error) {
	old, ok := b.known[name]
	if !ok || old.status == document.Failed || old.status == document.Cancelled {
		return false, nil
	}
	r, err := os.Open(f.path)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }() // it was only read
	h := document.FileHash(b.sink.id())
	if _, err := io.Copy(h, r); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == old.hash, nil
}

// put uploads files until each has its outcome.
func (b *bringing) put(ctx context.Context, files []putting) error {
	for len(files) > 0 {
		puts, err := b.sink.put(ctx, files)
		if err != nil {
			return err
		}
		if len(puts) == 0 || len(puts) > len(files) {
			return fmt.Errorf("of %d files the server says what became of %d", len(files), len(puts))
		}
		for i, p := range puts {
			switch {
			case p.ignored:
				b.tally.add(files[i].rel, outcomeIgnored, p.refused)
			case p.refused != "":
				b.tally.add(files[i].rel, outcomeFailed, p.refused)
			default:
				b.tally.add(files[i].rel, outcomeOf(p.arrival), "")
				b.tally.hold(func() { b.files[p.document] = files[i].rel })
			}
		}
		files = files[len(puts):]
	}
	return nil
}

// prune deletes documents whose files are gone.
func (b *bringing) prune(ctx context.Context, files found) error {
	if len(files.unread) > 0 || b.tally.count[outcomeFailed] > 0 {
		return errors.New("nothing was pruned, because some files could not be read or uploaded")
	}
	var gone []string
	for name, d := range b.known {
		if _, kept := b.files[d.id]; !kept && files.gone(b.rel(name)) {
			gone = append(gone, name)
		}
	}
	if 100*len(gone) > b.pruneMax*len(b.known) {
		return fmt.Errorf("nothing was pruned: the files of %d of %d documents are gone, more than %d %%; is %s the right folder? If so, say --prune-max",
			len(gone), len(b.known), b.pruneMax, files.root)
	}
	for _, name := range gone {
		if !b.dryRun {
			if err := b.sink.remove(ctx, b.known[name].id); err != nil {
				return fmt.Errorf("delete %s: %w", name, err)
			}
		}
		b.tally.add(b.rel(name), outcomePruned, "")
	}
	return nil
}
