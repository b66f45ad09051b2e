package document

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// arriving is content on its way into a document.
type arriving struct {
	receipt *Receipt
	details Details
	held    event.Lease
}

// replace makes the arriving content that of a document which is there.
func (s *Service) replace(ctx context.Context, a identity.Actor, in arriving, id ID) (Document, Arrival, error) {
	arrival := Known
	d, err := s.updater(a, in.details.Metadata != nil)(ctx, in.receipt.scope, id, func(d *Document) ([]event.Event, error) {
		now := s.opts.Now()
		changed, err := s.takeOver(d, in.details)
		if err != nil {
			return nil, err
		}
		switch {
		case d.Hash != in.receipt.doc.Hash:
			arrival = Replaced
			return d.renew(a, in, now), nil
		case d.Status == Failed || d.Status == Cancelled:
			return []event.Event{recorded(d.again("document.reprocess", a, now), *d)}, nil
		case changed:
			d.UpdatedAt = now
		}
		e := a.Event("document.upload", now, map[string]any{"duplicate": true})
		return []event.Event{recorded(e, *d)}, nil
	})
	switch {
	case errors.Is(err, fault.NotFound):
		return Document{}, Known, fault.Conflict.Wrap(err, "the document was deleted meanwhile; upload it again")
	case err != nil:
		return Document{}, Known, err
	}
	return d, arrival, nil
}

// takeOver gives a document the details that came with its new content; those that did not come stay. It reports whether
// that changed any. Roles go only when metadata says so: leaving them out must not open the document to all.
func (s *Service) takeOver(d *Document, in Details) (changed bool, err error) {
	before := *d
	all := Details{Title: d.Title, Source: d.Source, Metadata: d.Metadata, ExternalID: d.ExternalID}
	if strings.TrimSpace(in.Title) != "" {
		all.Title = s.title(in.Title, "")
	}
	if strings.TrimSpace(in.Source) != "" {
		all.Source = in.Source
	}
	if strings.TrimSpace(in.ExternalID) != "" {
		all.ExternalID = in.ExternalID
	}
	if in.Metadata != nil {
		all.Metadata = maps.Clone(in.Metadata)
		if roles, ok := d.Metadata["allowed_roles"]; ok && in.Metadata["allowed_roles"] == nil {
			all.Metadata["allowed_roles"] = roles
		}
	}
	if err := s.describe(d, all); err != nil {
		return false, err
	}
	return before.Title != d.Title || before.Source != d.Source || before.ExternalID != d.ExternalID ||
		!reflect.DeepEqual(before.Metadata, d.Metadata), nil
}

// renew gives d new content and begins a run over it. The bytes that it had are removed by a delivery: should the change not
// be committed, they are still needed.
func (d *Document) renew(a identity.Actor, in arriving, now time.Time) []event.Event {
	old := d.Original.Key
	d.Original, d.Hash = in.receipt.doc.Original, in.receipt.doc.Hash
	events := []event.Event{d.begin("document.replace", a, now, in.held)}
	if old != "" && old != d.Original.Key {
		e := event.New("document.outdated", "system", now, purgeData{Blob: old, Outdated: true})
		events = append(events, recorded(e.For(TopicPurge), *d))
	}
	return events
}
