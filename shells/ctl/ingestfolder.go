package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// folderSink is the installation that the configuration names.
type folderSink struct {
	app       *core.App
	workers   int
	workspace workspace.ID
}

var _ sink = (*folderSink)(nil)

func (s *folderSink) id() uuid.UUID { return s.workspace }

func (s *folderSink) bulk() (files int, bytes int64) { return 1, 0 }

func (s *folderSink) open(ctx context.Context, name string, create bool) error {
	const page = 200
	var pick picker
	for offset := 0; ; offset += page {
		list, err := s.app.Workspaces.List(ctx, identity.System, workspace.Filter{Offset: offset, Limit: page})
		if err != nil {
			return err
		}
		for _, w := range list {
			pick.offer(name, w.ID, w.Name)
		}
		if len(list) < page {
			break
		}
	}
	id, err := pick.choose(name)
	if id == uuid.Nil && err == nil && create {
		var made workspace.Workspace
		made, err = s.app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: name})
		id = made.ID
	}
	s.workspace = id
	return err
}

func (s *folderSink) list(ctx context.Context, status document.Status, cursor string) ([]entry, string, error) {
	q := document.Query{Status: status, Sort: document.OldestFirst, Limit: 500}
	if cursor != "" {
		var err error
		if q.After, err = document.DecodeCursor(q.Sort, cursor); err != nil {
			return nil, "", err
		}
	}
	docs, more, err := s.app.Documents.List(ctx, identity.System, s.workspace, q)
	if err != nil {
		return nil, "", err
	}
	out := make([]entry, len(docs))
	for i, d := range docs {
		out[i] = entry{d.ID, d.ExternalID, d.Hash, d.Status, d.Failure.Text}
	}
	if !more {
		return out, "", nil
	}
	return out, document.EncodeCursor(q.Sort, docs[len(docs)-1]), nil
}

func (s *folderSink) put(ctx context.Context, files []putting) ([]put, error) {
	f := files[0]
	body, err := os.Open(f.path)
	if err != nil {
		return []put{{refused: reasonOf(err)}}, nil
	}
	defer func() { _ = body.Close() }() // it was only read
	d, arrival, err := s.app.Documents.Upload(ctx, identity.System, s.workspace,
		document.Incoming{Name: f.path, Body: body}, document.Details{ExternalID: f.name})
	switch {
	case err == nil:
		return []put{{document: d.ID, arrival: arrival}}, nil
	case fault.Of(err) == nil || errors.Is(err, fault.Unavailable) || ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", f.rel, err)
	}
	return []put{{refused: fault.Of(err).Text, ignored: errors.Is(err, fault.Unsupported)}}, nil
}

func (s *folderSink) remove(ctx context.Context, id uuid.UUID) error {
	return s.app.Documents.Delete(ctx, identity.System, s.workspace, id)
}

// work processes whatever is due in the installation. What goes wrong with a document is told by its status.
func (s *folderSink) work(ctx context.Context) error {
	var group errgroup.Group
	for range s.workers {
		group.Go(func() error {
			for ctx.Err() == nil {
				_ = s.app.Drain(ctx)
				select {
				case <-ctx.Done():
				case <-time.After(pollEvery / 2):
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// picker finds a workspace by its id or name.
type picker struct {
	exact uuid.UUID
	named []uuid.UUID
}

func (p *picker) offer(want string, id uuid.UUID, name string) {
	switch want {
	case id.String():
		p.exact = id
	case name:
		p.named = append(p.named, id)
	}
}

// choose returns the workspace that was wanted; zero when there is none.
func (p *picker) choose(want string) (uuid.UUID, error) {
	switch {
	case p.exact != uuid.Nil:
		return p.exact, nil
	case len(p.named) > 1:
		return uuid.Nil, fmt.Errorf("there are %d workspaces called %q; say the id", len(p.named), want)
	case len(p.named) == 1:
		return p.named[0], nil
	}
	return uuid.Nil, nil
}
