package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/idempotency"
)

// Requests returns the requests that are done once.
func (s *Store) Requests() idempotency.Store { return requests{s} }

type requests struct{ s *Store }

var _ idempotency.Store = requests{}

// requestRow is a row of requests.
type requestRow struct {
	bun.BaseModel `bun:"table:requests,alias:r"`

	Actor     string  `bun:"actor,pk"`
	Operation string  `bun:"operation,pk"`
	Key       string  `bun:"key,pk"`
	Content   string  `bun:"content"`
	Outcome   *string `bun:"outcome"`
	BegunAt   int64   `bun:"begun_at"`
}

func (r requestRow) entry() idempotency.Entry {
	e := idempotency.Entry{Actor: r.Actor, Operation: r.Operation, Key: r.Key, Content: r.Content, Begun: moment(r.BegunAt)}
	if r.Outcome != nil {
		e.Outcome = json.RawMessage(*r.Outcome)
	}
	return e
}

// Begin implements idempotency.Store.
func (rs requests) Begin(ctx context.Context, e idempotency.Entry, old, stalled time.Time) (there idempotency.Entry, begun bool, err error) {
	err = rs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		// First, because it waits for whoever deletes the actor, who then waits for the rows written here.
		if known, active, err := rs.s.active(ctx, tx, e.Actor); err != nil || known && !active {
			return cmp.Or[error](err, fault.Denied.Errorf("%s is not let in any more", e.Actor))
		}
		_, err := tx.NewDelete().Table("requests").Where("actor = ? AND operation = ? AND key = ?", e.Actor, e.Operation, e.Key).
			Where("begun_at < ? OR outcome IS NULL AND begun_at < ?", micros(old), micros(stalled)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("make room for a request: %w", err)
		}
		row := requestRow{Actor: e.Actor, Operation: e.Operation, Key: e.Key, Content: e.Content, BegunAt: micros(e.Begun)}
		res, err := tx.NewInsert().Model(&row).On("CONFLICT (actor, operation, key) DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("note a request: %w", err)
		}
		if n, err := rowCount(res); err != nil || n == 1 {
			begun = true
			return err
		}
		err = tx.NewSelect().Model(&row).WherePK().Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("a request ended between two looks at it: %w", err)
		}
		there = row.entry()
		return err
	})
	return there, begun && err == nil, err
}

// Finish implements idempotency.Store.
func (rs requests) Finish(ctx context.Context, e idempotency.Entry) error {
	return rs.change(ctx, func(tx bun.Tx) executable {
		return tx.NewUpdate().Table("requests").Set("outcome = ?", string(e.Outcome)).
			Where("actor = ? AND operation = ? AND key = ? AND begun_at = ?", e.Actor, e.Operation, e.Key, micros(e.Begun))
	})
}

// Forget implements idempotency.Store.
func (rs requests) Forget(ctx context.Context, e idempotency.Entry) error {
	return rs.change(ctx, func(tx bun.Tx) executable {
		return tx.NewDelete().Table("requests").Where("outcome IS NULL").
			Where("actor = ? AND operation = ? AND key = ? AND begun_at = ?", e.Actor, e.Operation, e.Key, micros(e.Begun))
	})
}

// forgetRequests removes the requests of an actor, in the transaction that deletes or revokes them. An outcome that comes later
// finds no entry any more.
func forgetRequests(ctx context.Context, tx bun.Tx, actor string) error {
	if _, err := tx.NewDelete().Table("requests").Where("actor = ?", actor).Exec(ctx); err != nil {
		return fmt.Errorf("delete the requests of %s: %w", actor, err)
	}
	return nil
}

// Prune implements idempotency.Store.
func (rs requests) Prune(ctx context.Context, before time.Time) error {
	return rs.change(ctx, func(tx bun.Tx) executable {
		return tx.NewDelete().Table("requests").Where("begun_at < ?", micros(before))
	})
}

// executable is a statement of bun.
type executable interface {
	Exec(ctx context.Context, dest ...any) (sql.Result, error)
}

func (rs requests) change(ctx context.Context, statement func(bun.Tx) executable) error {
	return rs.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := statement(tx).Exec(ctx); err != nil {
			return fmt.Errorf("change a request: %w", err)
		}
		return nil
	})
}
