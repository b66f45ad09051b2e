package document

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TextDraft is a document that a client sends as text.
type TextDraft struct {
	Text string
	Details
}

// CheckText reports what is wrong with a draft. fault.Invalid naming the field; nil when nothing is.
func (s *Service) CheckText(in TextDraft) error {
	title := strings.TrimSpace(in.Title)
	switch {
	case title == "":
		return fault.Field("title", "must not be blank")
	case utf8.RuneCountInString(title) > s.opts.MaxTitle:
		return fault.Field("title", "is too long")
	case !utf8.ValidString(in.Text):
		return fault.Field("text", "must be valid text")
	case strings.TrimSpace(in.Text) == "":
		return fault.Field("text", "must not be blank")
	case utf8.RuneCountInString(in.Text) > s.opts.MaxText:
		return fault.Field("text", "is too long")
	}
	var d Document
	return s.describe(&d, in.Details)
}

// IngestText makes a document of a text and processes it while the caller waits. Should that fail for a passing reason, or
// the process die, a worker goes on with it: the document is returned as it stands, with Status telling how far it is. Which
// document the text belongs to is settled as in Accept; text counts as the same whatever its white space.
func (s *Service) IngestText(
	ctx context.Context, a identity.Actor, ws workspace.ID, in TextDraft,
) (Document, Arrival, error) {
	scope, err := s.writing(ctx, a, ws, identity.DocumentsCreate)
	if err != nil {
		return Document{}, Known, err
	}
	if err := s.CheckText(in); err != nil {
		return Document{}, Known, err
	}
	receipt, err := s.keep(ctx, scope, a, Original{MediaType: "text/plain"}, strings.NewReader(in.Text))
	if err != nil {
		return Document{}, Known, err
	}
	receipt.doc.Hash = TextHash(ws, in.Text)
	held := event.Lease{
		Delivery: uuid.Must(uuid.NewV7()), Token: uuid.New(), Until: s.opts.Now().Add(s.opts.InlineLease),
	}
	d, arrival, err := s.accept(ctx, a, receipt, in.Details, held)
	if err = s.settle(ctx, receipt, arrival != Known, err); err != nil || arrival == Known {
		return d, arrival, err
	}
	d, err = s.processNow(ctx, scope, d, held)
	return d, arrival, err
}

// processNow runs the pipeline under a lease that the caller already holds.
func (s *Service) processNow(
	ctx context.Context, scope workspace.Scope, d Document, l event.Lease,
) (Document, error) {
	// The document is accepted: a client that leaves or a model that is away must not lose it.
	err := s.Ingest(ctx, l, Run{Document: d.ID, Workspace: d.Workspace, Number: d.Run}, false)
	if err != nil {
		if rerr := s.ports.Events.Release(context.WithoutCancel(ctx), l, s.opts.Now()); rerr != nil && !errors.Is(rerr, event.ErrLeaseLost) {
			return d, errors.Join(err, rerr)
		}
	}
	return s.ports.Store.Document(ctx, scope, d.ID)
}
