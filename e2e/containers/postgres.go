package containers

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

var postgres server

const password = "postgres"

// Postgres returns the URL of a new, empty database of PostgreSQL with pgvector, which is dropped when the test ends. The
// image is E2E_POSTGRES_IMAGE; with E2E_POSTGRES_URL, whose user must be allowed to make databases, that server is used.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := PostgresServer(tb)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	admin(tb, server, "CREATE DATABASE "+name)
	tb.Cleanup(func() { admin(tb, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// PostgresServer returns the URL of the server's own database.
func PostgresServer(tb testing.TB) string {
	tb.Helper()
	if u := os.Getenv("E2E_POSTGRES_URL"); u != "" {
		return u
	}
	// Durability is of no use here, as nothing outlives the container.
	c := postgres.start(tb, testcontainers.ContainerRequest{
		Image:        setting("E2E_POSTGRES_IMAGE", "pgvector/pgvector:pg17"),
		Env:          map[string]string{"POSTGRES_PASSWORD": password},
		ExposedPorts: []string{"5432/tcp"},
		Cmd:          []string{"postgres", "-c", "fsync=off", "-c", "max_connections=500", "-c", "shared_buffers=256MB"},
		WaitingFor: wait.ForSQL("5432/tcp", "pgx", func(host string, port network.Port) string {
			return postgresURL(host, port.Port())
		}).WithStartupTimeout(2 * time.Minute),
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	defer cancel()
	host, err := c.Host(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	port, err := c.MappedPort(ctx, "5432/tcp")
	if err != nil {
		tb.Fatal(err)
	}
	return postgresURL(host, port.Port())
}

func postgresURL(host, port string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s:%s/postgres?sslmode=disable", password, host, port)
}

// admin executes a statement on the server's own database.
func admin(tb testing.TB, server, statement string) {
	tb.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		tb.Fatal(err)
	}
}
