package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// purgeData is what an event on TopicPurge carries.
type purgeData struct {
	Blob     string `json:"blob"`
	Outdated bool   `json:"outdated,omitempty"` // the document lives on with other bytes; only the blob goes
}

// Purge reacts to a deleted document: it removes its bytes, text, chunks and vectors for good, unless it was restored since.
// It may be repeated and interrupted at any point.
func (s *Service) Purge(ctx context.Context, e event.Event) error {
	var data purgeData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	id, err := parseID(e.Subject)
	if err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	if data.Outdated {
		return s.dropBlob(ctx, data.Blob)
	}
	_, err = s.ports.Janitor.Purge(ctx, e.Workspace, id, e.Time)
	if errors.Is(err, fault.NotFound) { // restored; or gone with its workspace, and then Sweep finds the blob
		return nil
	}
	if err == nil && data.Blob != "" {
		err = s.ports.Blobs.Delete(ctx, data.Blob)
	}
	if err != nil {
		return err
	}
	return s.ports.Janitor.Compact(ctx, e.Workspace)
}

// dropBlob removes a blob that no document uses.
func (s *Service) dropBlob(ctx context.Context, key string) error {
	used, err := s.ports.Janitor.BlobInUse(ctx, key)
	if err != nil || used {
		return err
	}
	return s.ports.Blobs.Delete(ctx, key)
}

// Swept says what Sweep removed.
type Swept struct {
	Embeddings int
	Blobs      int
}

// Sweep removes what crashes leave behind: files and vectors older than age that belong to nothing. It may be repeated and
// interrupted at any point.
func (s *Service) Sweep(ctx context.Context, age time.Duration) (Swept, error) {
	before := s.opts.Now().Add(-age)
	var out Swept
	var err error
	if out.Embeddings, err = s.ports.Janitor.Sweep(ctx, before); err != nil {
		return out, fmt.Errorf("sweep embeddings: %w", err)
	}
	err = s.ports.Blobs.Stale(ctx, before, func(key string) error {
		used, err := s.ports.Janitor.BlobInUse(ctx, key)
		if err != nil || used {
			return err
		}
		out.Blobs++
		return s.ports.Blobs.Delete(ctx, key)
	})
	if err != nil {
		return out, fmt.Errorf("sweep blobs: %w", err)
	}
	return out, nil
}
