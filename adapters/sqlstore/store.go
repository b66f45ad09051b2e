// Package sqlstore keeps everything but the bytes of files in a database, through bun: users, workspaces, documents, the
// search index, conversations, events and their deliveries. It implements the ports that core.Store groups.
//
// It decides nothing: who may do what is settled before, and reaches it as a scope that every query applies. Each noun has
// a file; what differs between databases is behind the dialect.
package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	engine  engine
	writer  *bun.DB // for write transactions; SQLite has one connection here
	reader  *bun.DB // for everything else
	options Options
	signal  signal
}

// engine is what differs between databases besides their language.
type engine interface {
	// apply brings the schema to its desired state, or says what that would take.
	apply(ctx context.Context, opts ApplyOptions) (Plan, error)
	// reading is how a transaction begins that reads one state of the database.
	reading() *sql.TxOptions
	// nearest is the search by vector; errBehind when it is to be tried in a newer transaction.
	nearest(ctx context.Context, tx bun.Tx, s workspace.Scope, d denseSearch) (search, error)
	// tend does for the vectors of a workspace what takes too long for the transactions that store them.
	tend(ctx context.Context, ws uuid.UUID) error
	// forget removes what searches by vector keep of a space.
	forget(ctx context.Context, space int64) error
	close() error
	// listen calls raise when another process announced something, until ctx ends.
	listen(ctx context.Context, raise func())
}

// Close closes the database.
func (s *Store) Close() error {
	s.signal.close()
	return s.engine.close()
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.NewRaw("SELECT 1").Scan(ctx, &one); err != nil {
		return fault.Unavailable.Wrap(err, "the database does not answer").Because(fault.ReasonDatabase)
	}
	return nil
}

// write runs fn in a write transaction. An error of fn is returned as it is, after a rollback; a driver's error gets its
// kind. Workers are woken when fn appended deliveries.
func (s *Store) write(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	err := s.writer.RunInTx(ctx, nil, fn)
	if err != nil {
		return s.classify(ctx, err)
	}
	s.signal.raise()
	return nil
}

// read runs fn in a read transaction, so that all its queries see one state of the database.
func (s *Store) read(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	return s.classify(ctx, s.reader.RunInTx(ctx, s.engine.reading(), fn))
}

func (s *Store) classify(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case fault.Of(err) != nil:
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return s.dialect.classify(err)
}

// insertEvents writes events, and a pending delivery for each that has a topic, in tx.
func insertEvents(ctx context.Context, tx bun.Tx, events ...event.Event) error {
	due := false
	for _, e := range events {
		row := eventRow{
			ID: e.ID, Name: e.Name, Time: micros(e.Time), Actor: e.Actor, Workspace: nullable(e.Workspace),
			Subject: e.Subject, Topic: e.Topic, Data: string(e.Data), Role: e.Role, Trace: cmp.Or(e.Trace, event.TraceOf(ctx)),
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("insert event %s: %w", e.Name, err)
		}
		if e.Topic == "" {
			continue
		}
		d := deliveryRow{EventID: e.ID, Topic: e.Topic, Workspace: turnKey(e.Workspace), State: event.Pending, Due: 1, AvailableAt: micros(e.Time)}
		if !e.NotBefore.IsZero() {
			d.Due, d.AvailableAt = 0, micros(e.NotBefore)
		}
		if e.Held != nil {
			until := micros(e.Held.Until)
			d.State, d.Due, d.Attempts, d.AvailableAt = event.Leased, 0, 1, until
			d.LeaseToken, d.LeaseUntil = &e.Held.Token, &until
		}
		due = due || e.Held == nil
		if _, err := tx.NewInsert().Model(&d).Exec(ctx); err != nil {
			return fmt.Errorf("insert delivery of event %s: %w", e.Name, err)
		}
	}
	if due {
		return speaks(tx).announce(ctx, tx)
	}
	return nil
}

// eventRow is a row of events.
type eventRow struct {
	bun.BaseModel `bun:"table:events,alias:e"`

	ID        uuid.UUID  `bun:"id,pk"`
	Name      string     `bun:"name"`
	Time      int64      `bun:"time"`
	Actor     string     `bun:"actor"`
	Workspace *uuid.UUID `bun:"workspace_id"`
	Subject   string     `bun:"subject"`
	Topic     string     `bun:"topic"`
	Data      string     `bun:"data"`
	Role      string     `bun:"role"`
	Trace     string     `bun:"trace"`
}

// deliveryRow is a row of deliveries.
type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	EventID     uuid.UUID   `bun:"event_id,pk"`
	Topic       string      `bun:"topic"`
	Workspace   string      `bun:"workspace_id"`
	State       event.State `bun:"state"`
	Attempts    int         `bun:"attempts"`
	Failures    int         `bun:"failures"`
	Due         int         `bun:"due"`
	AvailableAt int64       `bun:"available_at"`
	LeaseToken  *uuid.UUID  `bun:"lease_token"`
	LeaseUntil  *int64      `bun:"lease_until"`
	Error       string      `bun:"error"`
	SettledAt   *int64      `bun:"settled_at"`
}

// turnKey is the workspace under which deliveries take turns; empty for those about no workspace.
func turnKey(ws uuid.UUID) string {
	if ws == uuid.Nil {
		return ""
	}
	return ws.String()
}

// micros is how times are stored: microseconds since 1970.
func micros(t time.Time) int64 { return t.UnixMicro() }

// nullMicros is micros for times that may be absent.
func nullMicros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

// moment is the inverse of micros.
func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

// nullMoment is the inverse of nullMicros.
func nullMoment(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return moment(*us)
}

// nullable stores the zero id as null.
func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// value is the inverse of nullable.
func value(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
