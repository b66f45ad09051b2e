package document

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Arrival says what incoming content was to a workspace.
type Arrival string

// The arrivals.
const (
	Known    Arrival = "known"    // the document had these very bytes; they are not taken again
	Created  Arrival = "created"  // a new document
	Replaced Arrival = "replaced" // new content of a document that was there; what it had answers until the new is ready
)

// Replace says which document incoming content replaces, besides the one with its external id.
type Replace string

// The ways of replacing.
const (
	ReplaceNone   Replace = ""       // none
	ReplaceSource Replace = "source" // the one with the same source
)

// Accept makes a document of a received file; a worker processes it. Whatever the outcome, the receipt is used up.
//
// Which document the file belongs to is settled in this order. With an external id, it is the live document of the workspace
// with that id, or else the one with the same bytes and no external id, which gets it, or else a new one. With ReplaceSource, it
// is the one that the actor sees with the same source, or else as follows; fault.Conflict when there are several. Otherwise
// it is the one with the same bytes, or else a new one. fault.Conflict when the document is there and the actor may not see it.
//
// A document that is there takes over the details that are given and keeps the others, and so its roles. When the bytes
// differ it gets a new run, and the visible generation answers until that is ready. When they don't, it is only processed again
// if it had failed or was cancelled; bytes that belong by themselves change no details.
func (s *Service) Accept(ctx context.Context, a identity.Actor, r *Receipt, in Details) (Document, Arrival, error) {
	d, arrival, err := s.accept(ctx, a, r, in, event.Lease{})
	return d, arrival, s.settle(ctx, r, arrival != Known, err)
}

// accept is Accept without the care for the receipt. The run that it begins is leased to held, unless that is zero.
func (s *Service) accept(
	ctx context.Context, a identity.Actor, r *Receipt, in Details, held event.Lease,
) (Document, Arrival, error) {
	d, now := r.doc, s.opts.Now()
	if err := s.describe(&d, in); err != nil {
		return Document{}, Known, err
	}
	old, err := s.sameSource(ctx, r.scope, d, in.Replace)
	if err != nil {
		return Document{}, Known, err
	}
	if old != uuid.Nil {
		return s.replace(ctx, a, arriving{r, in, held}, old)
	}
	d.Title = s.title(d.Title, d.Original.Name)
	d.CreatedAt = now
	stored, created, err := s.ports.Store.Create(ctx, d, d.begin("document.upload", a, now, held))
	switch {
	case err != nil:
		return Document{}, Known, err
	case created:
		return stored, Created, nil
	case !r.scope.Sees(stored.AllowedRoles, stored.Uploader):
		return Document{}, Known, fault.Conflict.Errorf("the workspace has this document already, and you may not see it")
	case d.ExternalID != "":
		return s.replace(ctx, a, arriving{r, in, held}, stored.ID)
	}
	stored, err = s.duplicate(ctx, a, stored)
	return stored, Known, err
}

// sameSource finds the document that is to be replaced because of its source; zero when there is none.
func (s *Service) sameSource(ctx context.Context, scope workspace.Scope, d Document, by Replace) (ID, error) {
	switch {
	case by == ReplaceNone:
		return uuid.Nil, nil
	case by != ReplaceSource:
		return uuid.Nil, fault.Field("replace", "must be source or absent")
	case d.ExternalID != "":
		return uuid.Nil, fault.Field("replace", "must be absent where external_id is given")
	case d.Source == "":
		return uuid.Nil, fault.Field("source", "is required to replace by it")
	}
	found, err := s.ports.Store.List(ctx, scope, Query{Source: d.Source, Sort: OldestFirst, Limit: 2})
	if err != nil || len(found) == 0 {
		return uuid.Nil, err
	}
	if len(found) > 1 {
		return uuid.Nil, fault.Conflict.Errorf("the workspace has several documents with this source; give them external ids").
			Because("ambiguous_source")
	}
	return found[0].ID, nil
}

// duplicate settles what happens when the very same content is there already.
func (s *Service) duplicate(ctx context.Context, a identity.Actor, d Document) (Document, error) {
	if d.Status == Failed || d.Status == Cancelled {
		return s.Reprocess(ctx, a, d.Workspace, d.ID)
	}
	e := a.Event("document.upload", s.opts.Now(), map[string]any{"duplicate": true})
	return d, s.ports.Events.Append(ctx, recorded(e, d))
}

// begin begins a new run of d and returns the event of it, with its delivery leased to held unless that is zero.
func (d *Document) begin(name string, a identity.Actor, at time.Time, held event.Lease) event.Event {
	e := d.again(name, a, at)
	e.Data = event.New("", "", at, ingestData{Run: d.Run, FileName: d.Original.Name, MediaType: d.Original.MediaType}).Data
	if held.Delivery != uuid.Nil {
		e.ID, e.Held = held.Delivery, &held
	}
	return recorded(e, *d)
}
