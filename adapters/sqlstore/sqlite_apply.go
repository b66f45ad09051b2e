package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"ariga.io/atlas/sql/migrate"
	atlas "ariga.io/atlas/sql/schema"
	atlassqlite "ariga.io/atlas/sql/sqlite"

	"github.com/ragcorp/ragcorp/schema"
)

// apply holds the write lock from inspecting to committing, so that two processes on a fresh folder don't meet.
func (d sqliteEngine) apply(ctx context.Context, o ApplyOptions) (plan Plan, err error) {
	mark, err := fingerprint(schema.SQLite, "sqlite")
	if err != nil {
		return Plan{}, fmt.Errorf("read schema: %w", err)
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return Plan{}, sqlite{}.classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var have int32
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return Plan{}, sqlite{}.classify(err)
	}
	if o.Quick && have == mark {
		return Plan{}, nil
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = off"); err != nil {
		return Plan{}, sqlite{}.classify(err)
	}
	defer func() {
		_, restore := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = on")
		err = errors.Join(err, restore)
	}()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return Plan{}, sqlite{}.classify(err)
	}
	plan, err = d.applyLocked(ctx, conn, o, mark)
	end := "COMMIT"
	if err != nil || o.DryRun {
		end = "ROLLBACK"
	}
	if _, endErr := conn.ExecContext(context.WithoutCancel(ctx), end); endErr != nil {
		return Plan{}, errors.Join(err, sqlite{}.classify(endErr))
	}
	return plan, err
}

func (d sqliteEngine) applyLocked(ctx context.Context, conn *sql.Conn, o ApplyOptions, mark int32) (Plan, error) {
	drv, err := atlassqlite.Open(conn)
	if err != nil {
		return Plan{}, fmt.Errorf("open schema driver: %w", err)
	}
	want, err := sqliteSchema()
	if err != nil {
		return Plan{}, fmt.Errorf("evaluate schema: %w", err)
	}
	have, err := drv.InspectSchema(ctx, "main", &atlas.InspectOptions{Exclude: []string{"atlas_schema_revisions"}})
	if err != nil {
		return Plan{}, fmt.Errorf("inspect schema: %w", err)
	}
	p, err := want.plan(ctx, drv, have, "ragcorp-sqlite", o)
	if err != nil {
		return Plan{}, err
	}
	if !o.DryRun {
		return Plan{statements(p)}, d.execute(ctx, conn, p, mark)
	}
	return Plan{statements(p)}, nil
}

func (sqliteEngine) execute(ctx context.Context, conn *sql.Conn, p *migrate.Plan, mark int32) error {
	for _, c := range p.Changes {
		if _, err := conn.ExecContext(ctx, c.Cmd, c.Args...); err != nil {
			return fmt.Errorf("apply schema: %s: %w", c.Comment, err)
		}
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", mark))
	return err
}

// sqliteSchema evaluates the desired state, once.
var sqliteSchema = sync.OnceValues(func() (*desired, error) {
	p, err := hclFiles(schema.SQLite, "sqlite")
	if err != nil {
		return nil, err
	}
	var realm atlas.Realm
	if err := atlassqlite.EvalHCL.Eval(p, &realm, nil); err != nil {
		return nil, err
	}
	main, ok := realm.Schema("main")
	if !ok {
		return nil, errors.New("there is no schema main")
	}
	return &desired{Schema: main}, nil
})
