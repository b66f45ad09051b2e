package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/ragcorp/ragcorp/core/fault"
)

// postgresEngine is the production profile: one pool of connections, and pgvector to search vectors.
type postgresEngine struct {
	pool      *pgxpool.Pool
	db        *bun.DB
	exactMost int // see Options.ExactMost
}

var _ engine = postgresEngine{}

const (
	connectTimeout = 10 * time.Second
	// cancelGrace is how long the server may take to answer that it cancelled a statement before the connection is closed.
	cancelGrace = 3 * time.Second
)

func openPostgres(ctx context.Context, url string, o Options) (*Store, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil { // which may quote the URL with its password
		return nil, fault.Invalid.Errorf("the database URL is not one of PostgreSQL: postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	configurePostgres(c, o)
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fault.Unavailable.Wrap(err, "the database can't be opened").Because(fault.ReasonDatabase)
	}
	db := bun.NewDB(stdlib.OpenDBFromPool(pool), pgdialect.New())
	s := &Store{dialect: postgres{}, engine: postgresEngine{pool, db, o.ExactMost}, options: o, writer: db, reader: db}
	ping, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := pool.Ping(ping); err != nil {
		_ = s.Close() // the error of the ping says more
		return nil, fault.Unavailable.Wrap(err, "the database does not answer").Because(fault.ReasonDatabase)
	}
	return s, nil
}

// configurePostgres sets what the statements of this package rely on. They are planned for their arguments each time, as
// these decide what is fast, and nothing is prepared on the server, so that a pooler between may do as it likes. A
// statement whose context ends is cancelled on the server.
func configurePostgres(c *pgxpool.Config, o Options) {
	c.MaxConns = int32(o.Connections) //nolint:gosec // small
	p := c.ConnConfig
	p.DefaultQueryExecMode = pgx.QueryExecModeExec
	if p.ConnectTimeout == 0 {
		p.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name": "ragcorp", "timezone": "UTC", "plan_cache_mode": "force_custom_plan", "jit": "off",
	} {
		if p.RuntimeParams[name] == "" {
			p.RuntimeParams[name] = value
		}
	}
	p.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelGrace}
	}
}

func (e postgresEngine) close() error {
	err := e.db.Close()
	e.pool.Close()
	return err
}

func (postgresEngine) reading() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

// channel is what announce notifies.
const channel = "ragcorp_deliveries"

// listen tries again for as long as the server doesn't answer; workers poll meanwhile.
func (e postgresEngine) listen(ctx context.Context, raise func()) {
	const pause = time.Second
	for ctx.Err() == nil {
		_ = e.hear(ctx, raise) // whatever it was: the next try shows whether it is over
		raise()                // something may have been missed
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (e postgresEngine) hear(ctx context.Context, raise func()) error {
	conn, err := pgx.ConnectConfig(ctx, e.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		raise()
	}
}
