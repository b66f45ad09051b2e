package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"ariga.io/atlas/sql/migrate"
	atlaspostgres "ariga.io/atlas/sql/postgres"
	atlas "ariga.io/atlas/sql/schema"

	"github.com/ragcorp/ragcorp/schema"
)

const makeExtension = "CREATE EXTENSION IF NOT EXISTS vector"

// apply holds a lock from inspecting to committing, so that two processes on an empty database don't meet. The schema is
// changed as a whole or not at all.
func (e postgresEngine) apply(ctx context.Context, o ApplyOptions) (plan Plan, err error) {
	tx, err := e.db.DB.BeginTx(ctx, nil)
	if err != nil {
		return Plan{}, postgres{}.classify(err)
	}
	defer func() {
		if err != nil || o.DryRun {
			err = errors.Join(err, tx.Rollback())
			return
		}
		err = postgres{}.classify(tx.Commit())
	}()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d, 0)", lockSpace+int32(toMigrate))); err != nil {
		return Plan{}, postgres{}.classify(err)
	}
	p, err := planPostgres(ctx, tx, o)
	if err != nil {
		return Plan{}, err
	}
	plan.Statements, err = extend(ctx, tx, o.DryRun)
	if err != nil {
		return Plan{}, err
	}
	plan.Statements = append(plan.Statements, statements(p)...)
	for _, c := range p.Changes {
		if o.DryRun {
			break
		}
		if _, err := tx.ExecContext(ctx, c.Cmd, c.Args...); err != nil {
			return Plan{}, fmt.Errorf("apply schema: %s: %w", c.Comment, err)
		}
	}
	return plan, nil
}

// extend makes pgvector's types known to the database; it returns the statement for that when they weren't.
func extend(ctx context.Context, tx *sql.Tx, dry bool) ([]string, error) {
	var there bool
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')").Scan(&there)
	if err != nil || there {
		return nil, postgres{}.classify(err)
	}
	if dry {
		return []string{makeExtension}, nil
	}
	if _, err := tx.ExecContext(ctx, makeExtension); err != nil {
		return nil, fmt.Errorf("make the extension vector (pgvector 0.8 must be installed on the server): %w", err)
	}
	return []string{makeExtension}, nil
}

func planPostgres(ctx context.Context, tx *sql.Tx, o ApplyOptions) (*migrate.Plan, error) {
	drv, err := atlaspostgres.Open(tx)
	if err != nil {
		return nil, fmt.Errorf("open schema driver: %w", err)
	}
	want, err := postgresSchema()
	if err != nil {
		return nil, fmt.Errorf("evaluate schema: %w", err)
	}
	have, err := drv.InspectSchema(ctx, want.Name, &atlas.InspectOptions{
		Mode:    atlas.InspectSchemas | atlas.InspectTables,
		Exclude: []string{"atlas_schema_revisions", "vectors.vectors_hnsw_*[type=index]"},
	})
	if err != nil {
		return nil, fmt.Errorf("inspect schema: %w", err)
	}
	return want.plan(ctx, drv, have, "ragcorp-postgres", o)
}

// postgresSchema evaluates the desired state, once.
var postgresSchema = sync.OnceValues(func() (*desired, error) {
	p, err := hclFiles(schema.Postgres, "postgres")
	if err != nil {
		return nil, err
	}
	var realm atlas.Realm
	if err := atlaspostgres.EvalHCL.Eval(p, &realm, nil); err != nil {
		return nil, err
	}
	public, ok := realm.Schema("public")
	if !ok {
		return nil, errors.New("there is no schema public")
	}
	return &desired{Schema: public}, nil
})
