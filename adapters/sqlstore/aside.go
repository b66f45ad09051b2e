package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Aside makes an empty database on the server of PostgreSQL that a URL names, beside the database in that URL, for something
// that is to be thrown away. It returns the URL of the new one and what drops it again, whoever is still connected. The user of
// the URL must be allowed to make databases.
func Aside(ctx context.Context, server string) (aside string, drop func(context.Context) error, err error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", nil, fault.Invalid.Errorf("the database URL is not one of PostgreSQL: postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	name := "ragcorp_aside_" + strings.ToLower(rand.Text())
	if err := administer(ctx, server, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database aside: %w", err)
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error {
		return administer(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}, nil
}

// administer executes a statement that can't be part of a transaction.
func administer(ctx context.Context, server, statement string) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return postgres{}.classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	_, err = conn.Exec(ctx, statement)
	return postgres{}.classify(err)
}
