package adapters

import (
	"context"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
)

// OpenUnchecked opens the database that DATABASE_URL names as it is, whatever its schema: for those who look at the schema or
// bring it up to date, and for nothing else.
func OpenUnchecked(ctx context.Context, c Config) (*sqlstore.Store, func(), error) {
	s, err := sqlstore.Open(ctx, c.Data.DatabaseURL, &sqlstore.Options{AnySchema: true})
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil // see OpenStore
}
