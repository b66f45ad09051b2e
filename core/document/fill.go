package document

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// fillData is what an event on TopicFill carries.
type fillData struct {
	Space string `json:"space"`
	After int64  `json:"after,omitempty"` // number of the last chunk of the turn before
}

// fillTurn is how many batches are embedded before others have their turn: a workspace may take hours, and uploads must not wait
// for it.
const fillTurn = 4

// Fill embeds some of what lacks a vector in a space, and has the rest done later; when nothing is left, it makes what large
// workspaces are searched by. Every batch is a checkpoint. It may be repeated and interrupted at any point.
// fault.Unavailable when the space's model is not configured here.
func (s *Service) Fill(ctx context.Context, e event.Event) error {
	var data fillData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	m := s.modelOf(data.Space)
	if m == nil {
		return fault.Unavailable.Errorf("no model is configured here for the embedding space %s", data.Space)
	}
	page := fillTurn * s.opts.EmbedBatch
	bare, err := s.ports.Spaces.Bare(ctx, e.Workspace, m.Space(), data.After, page)
	if err == nil && len(bare) == 0 && data.After > 0 { // who does not know the model yet may have added something behind us
		bare, err = s.ports.Spaces.Bare(ctx, e.Workspace, m.Space(), 0, page)
	}
	if err != nil {
		return err
	}
	if len(bare) == 0 {
		return s.ports.Janitor.Compact(ctx, e.Workspace)
	}
	if err := s.embedBare(ctx, m, bare); err != nil {
		return err
	}
	next := event.New("space.fill", "system", s.opts.Now(), fillData{Space: data.Space, After: bare[len(bare)-1].Number})
	return s.fillLater(ctx, next.In(e.Workspace, data.Space), event.Pending)
}

// embedBare stores vectors for chunks, batch by batch.
func (s *Service) embedBare(ctx context.Context, m llm.Embedder, bare []BareChunk) error {
	var batch []Hash
	var inputs []string
	seen := make(map[Hash]bool, len(bare))
	for i, b := range bare {
		if !seen[b.Embedded] {
			seen[b.Embedded] = true
			batch, inputs = append(batch, b.Embedded), append(inputs, b.input())
		}
		if len(batch) == s.opts.EmbedBatch || i == len(bare)-1 && len(batch) > 0 {
			if err := s.embedBatch(ctx, m, batch, inputs); err != nil {
				return err
			}
			batch, inputs = nil, nil
		}
	}
	return nil
}

// input is the text that was embedded of the chunk: under the title of that time, whatever the document is called now, since
// other documents with the same text share the vector. Where that title was not kept and is another one now, none is put in its
// place, so that no title of one workspace tells on the vectors of another.
func (b BareChunk) input() string {
	for _, title := range []string{b.Title, b.Current} {
		if in := embedInput(title, b.Chunk); HashText(in) == b.Embedded {
			return in
		}
	}
	return embedInput("", b.Chunk)
}

// fillLater has a workspace filled, unless that is going to happen anyway: a delivery for it is in one of the states. So of two
// that came from one, as when a worker died between its last steps, one goes on.
func (s *Service) fillLater(ctx context.Context, e event.Event, states ...event.State) error {
	for _, state := range states {
		there, err := s.ports.Backlog.Deliveries(ctx, event.Filter{Topic: TopicFill, State: state, Workspace: e.Workspace})
		if err != nil {
			return err
		}
		for _, d := range there {
			if d.Event.Subject == e.Subject {
				return nil
			}
		}
	}
	return s.ports.Events.Append(ctx, e.For(TopicFill))
}
