package servers

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

var commonPostgres shared

// password is the one of PostgreSQL's user postgres.
const password = "postgres"

// postgresImage is a server for tests; with arguments for it, such as -c fsync=off.
func postgresImage(args ...string) image {
	return image{
		name: setting("E2E_POSTGRES_IMAGE", "pgvector/pgvector:pg17"), port: "5432/tcp",
		with: []testcontainers.ContainerCustomizer{
			testcontainers.WithEnv(map[string]string{"POSTGRES_PASSWORD": password}),
			testcontainers.WithCmd(append([]string{"postgres", "-c", "max_connections=500", "-c", "shared_buffers=512MB"}, args...)...),
			testcontainers.WithWaitStrategy(wait.ForSQL("5432/tcp", "pgx", func(host string, port network.Port) string {
				return postgresURL(host + ":" + port.Port())
			}).WithStartupTimeout(2 * time.Minute)),
		},
	}
}

func postgresURL(addr string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s/postgres?sslmode=disable", password, addr)
}

// StartPostgres starts a server of PostgreSQL with pgvector for one test, and returns the URL of its database too.
func StartPostgres(tb testing.TB) (*Container, string) {
	tb.Helper()
	c := own(tb, "PostgreSQL", postgresImage())
	return c, postgresURL(c.addr)
}

// WithoutProxy returns the URL of a server started by StartPostgres as it is reached from a Linux machine without the engine's
// proxy, which takes more time than many a statement; elsewhere it is the URL of StartPostgres.
func WithoutProxy(tb testing.TB, c *Container) string {
	tb.Helper()
	if runtime.GOOS != "linux" {
		return postgresURL(c.addr)
	}
	ip, err := c.running.ContainerIP(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return postgresURL(ip + ":5432")
}

// PostgresServer returns the URL of a server of PostgreSQL with pgvector that tests share: the one of E2E_POSTGRES_URL, whose
// user must be allowed to make databases, or one in a container of the image E2E_POSTGRES_IMAGE. It doesn't survive a crash.
func PostgresServer(tb testing.TB) string {
	tb.Helper()
	if u := os.Getenv("E2E_POSTGRES_URL"); u != "" {
		return u
	}
	return postgresURL(commonPostgres.get(tb, "PostgreSQL", postgresImage("-c", "fsync=off")).addr)
}

// Postgres returns the URL of a new, empty database, which is dropped when the test ends.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := PostgresServer(tb)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	administer(tb, server, "CREATE DATABASE "+name)
	tb.Cleanup(func() { administer(tb, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// administer executes a statement on the server's own database.
func administer(tb testing.TB, server, statement string) {
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
