package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
)

// Pipeline returns the documents, for workers.
func (s *Store) Pipeline() document.Pipeline { return pipeline{s} }

type pipeline struct{ s *Store }

var _ document.Pipeline = pipeline{}

// Start implements document.Pipeline. Starting again, as after a crash, begins the progress anew.
func (p pipeline) Start(ctx context.Context, l event.Lease, r document.Run, now time.Time) (document.Document, error) {
	var row documentRow
	err := p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, now); err != nil {
			return err
		}
		err := startable(tx.NewUpdate().Model(&row), r).
			Set("status = ?", document.Processing).Set("failure_code = ''").Set("failure_text = ''").
			Set("stage = ?", document.StageParsing).Set("progress_done = 0").Set("progress_total = 0").
			Set("updated_at = ?", micros(now)).Returning("*").Scan(ctx)
		return stopped(err, r)
	})
	if err != nil {
		return document.Document{}, err
	}
	return row.document()
}

// Report implements document.Pipeline.
func (p pipeline) Report(ctx context.Context, l event.Lease, r document.Run, pr document.Progress, now time.Time) error {
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, now); err != nil {
			return err
		}
		return updateRun(ctx, processing(tx, r).
			Set("stage = ?", pr.Stage).Set("progress_done = ?", pr.Done).Set("progress_total = ?", pr.Total).
			Set("updated_at = ?", micros(now)), r)
	})
}

// Fail implements document.Pipeline. A run can fail without ever having started.
func (p pipeline) Fail(
	ctx context.Context, l event.Lease, r document.Run, f document.Failure, now time.Time, events ...event.Event,
) error {
	return p.fail(ctx, l, failing{r, f, now, events}, func(ctx context.Context, tx bun.Tx) error {
		return settleDelivery(ctx, tx, l, now)
	})
}

// GiveUp implements document.Pipeline. A run can be given up without ever having started.
func (p pipeline) GiveUp(
	ctx context.Context, l event.Lease, r document.Run, f document.Failure, now time.Time, events ...event.Event,
) error {
	return p.fail(ctx, l, failing{r, f, now, events}, func(ctx context.Context, tx bun.Tx) error {
		return buryDelivery(ctx, tx, l, now, f.Cause)
	})
}

// failing is a run that fails, and the news of it.
type failing struct {
	run    document.Run
	reason document.Failure
	now    time.Time
	events []event.Event
}

// fail marks the document as Failed and ends the delivery.
func (p pipeline) fail(ctx context.Context, l event.Lease, f failing, end func(context.Context, bun.Tx) error) error {
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, f.now); err != nil {
			return err
		}
		err := updateRun(ctx, newestRun(tx.NewUpdate().Model((*documentRow)(nil)), f.run).
			Where("status IN (?, ?)", document.Pending, document.Processing).
			Set("status = ?", document.Failed).Set("failure_code = ?", storable(f.reason.Code)).
			Set("failure_text = ?", storable(f.reason.Text)).Set("updated_at = ?", micros(f.now)), f.run)
		if err != nil {
			return err
		}
		if err := insertEvents(ctx, tx, f.events...); err != nil {
			return err
		}
		return end(ctx, tx)
	})
}

// buryDelivery makes the delivery dead in tx: event.ErrLeaseLost, and nothing written, when the lease is not held.
func buryDelivery(ctx context.Context, tx bun.Tx, l event.Lease, now time.Time, cause string) error {
	return updateHeld(ctx, tx, l, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("state = ?", event.Dead).Set("due = NULL").Set("lease_token = NULL").Set("lease_until = NULL").
			Set("settled_at = ?", micros(now)).Set("failures = failures + 1").Set("error = ?", storable(cause))
	})
}

// Switch implements document.Pipeline. The generation before goes away in the same transaction, and goes first: chunks that
// did not change keep their ids.
func (p pipeline) Switch(
	ctx context.Context, l event.Lease, r document.Run, g document.Generation, now time.Time, events ...event.Event,
) error {
	next, err := rowsOfGeneration(r, g, now)
	if err != nil {
		return err
	}
	about, err := encodeProperties(g.About)
	if err != nil {
		return err
	}
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, now); err != nil {
			return err
		}
		old, err := p.visible(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := embeddedIn(ctx, tx, g.Spaces, next.hashes()); err != nil {
			return err
		}
		if err := replace(ctx, tx, old, &next, g); err != nil {
			return err
		}
		if err := forgetContexts(ctx, tx, r.Document); err != nil {
			return err
		}
		err = updateRun(ctx, processing(tx, r).
			Set("status = ?", document.Ready).Set("stage = ?", document.StageDone).
			Set("progress_done = ?", len(g.Chunks)).Set("progress_total = ?", len(g.Chunks)).
			Set("generation_id = ?", next.ID).Set("language = ?", g.Language).
			Set("page_count = ?", len(g.Pages)).Set("chunk_count = ?", len(g.Chunks)).Set("properties = ?", about).
			Set("updated_at = ?", micros(now)), r)
		if err != nil {
			return err
		}
		if err := insertEvents(ctx, tx, events...); err != nil {
			return err
		}
		return settleDelivery(ctx, tx, l, now)
	})
}

// visible checks that the run may still switch and returns the visible generation; 0 when there is none.
func (p pipeline) visible(ctx context.Context, tx bun.Tx, r document.Run) (int64, error) {
	var generation *int64
	err := tx.NewRaw("SELECT generation_id FROM documents WHERE id = ? AND workspace_id = ? AND run = ? AND status = ?"+
		" AND deleted_at IS NULL "+p.s.dialect.lock(), r.Document, r.Workspace, r.Number, document.Processing).
		Scan(ctx, &generation)
	if err != nil || generation == nil {
		return 0, stopped(err, r)
	}
	return *generation, nil
}

// newestRun narrows an update of documents to the run's document, as long as it lives and the run is its newest.
func newestRun(q *bun.UpdateQuery, r document.Run) *bun.UpdateQuery {
	return q.Where("id = ?", r.Document).Where("workspace_id = ?", r.Workspace).Where("run = ?", r.Number).
		Where("deleted_at IS NULL")
}

// startable narrows an update of documents to a run that may start: a new one, one whose worker crashed, and one that was
// given up and is tried again.
func startable(q *bun.UpdateQuery, r document.Run) *bun.UpdateQuery {
	return newestRun(q, r).Where("(status IN (?, ?) OR status = ? AND failure_code = ?)",
		document.Pending, document.Processing, document.Failed, document.ReasonExhausted)
}

// processing is an update of the document of a run that is going on.
func processing(tx bun.Tx, r document.Run) *bun.UpdateQuery {
	return newestRun(tx.NewUpdate().Model((*documentRow)(nil)), r).Where("status = ?", document.Processing)
}

// updateRun executes an update narrowed by newestRun. document.ErrStopped when there was nothing to update.
func updateRun(ctx context.Context, q *bun.UpdateQuery, r document.Run) error {
	res, err := q.Exec(ctx)
	if err != nil {
		return stopped(err, r)
	}
	if n, err := rowCount(res); err != nil || n == 1 {
		return err
	}
	return document.ErrStopped
}

// stopped turns the absence of a row into document.ErrStopped.
func stopped(err error, r document.Run) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return document.ErrStopped
	}
	return fmt.Errorf("update run %d of document %s: %w", r.Number, r.Document, err)
}
