package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Users returns the users.
func (s *Store) Users() identity.Users { return users{s} }

type users struct{ s *Store }

var _ identity.Users = users{}

// userRow is a row of users.
type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID           uuid.UUID     `bun:"id,pk"`
	Email        string        `bun:"email"`
	PasswordHash string        `bun:"password_hash"`
	Role         identity.Role `bun:"role"`
	Active       int           `bun:"active"`
	TokenVersion int           `bun:"token_version"`
	CreatedAt    int64         `bun:"created_at"`
}

func rowOfUser(u identity.User) userRow {
	r := userRow{
		ID: u.ID, Email: u.Email, PasswordHash: u.PasswordHash, Role: u.Role,
		TokenVersion: u.TokenVersion, CreatedAt: micros(u.CreatedAt),
	}
	if u.Active {
		r.Active = 1
	}
	return r
}

func (r userRow) user() identity.User {
	return identity.User{
		ID: r.ID, Email: r.Email, PasswordHash: r.PasswordHash, Role: r.Role, Active: r.Active != 0,
		TokenVersion: r.TokenVersion, CreatedAt: moment(r.CreatedAt),
	}
}

func (us users) Create(ctx context.Context, u identity.User, events ...event.Event) error {
	row := rowOfUser(u)
	return us.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return us.taken(ctx, err)
		}
		return insertEvents(ctx, tx, events...)
	})
}

// taken says in the user's words that an address is taken.
func (us users) taken(ctx context.Context, err error) error {
	err = us.s.classify(ctx, err)
	if errors.Is(err, fault.Conflict) {
		return fault.Conflict.Wrap(err, "a user with this e-mail address exists already")
	}
	return err
}

func (us users) User(ctx context.Context, id uuid.UUID) (identity.User, error) {
	return us.one(ctx, us.s.reader, "id = ?", id)
}

func (us users) ByEmail(ctx context.Context, email string) (identity.User, error) {
	return us.one(ctx, us.s.reader, "email = ?", email)
}

func (us users) one(ctx context.Context, db bun.IDB, where string, arg any) (identity.User, error) {
	var row userRow
	err := db.NewSelect().Model(&row).Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.User{}, errNoUser()
	}
	if err != nil {
		return identity.User{}, us.s.classify(ctx, err)
	}
	return row.user(), nil
}

func errNoUser() error { return fault.NotFound.Errorf("there is no such user") }

func (us users) List(ctx context.Context, p identity.Page) ([]identity.User, error) {
	if p.Limit <= 0 {
		return nil, nil
	}
	var rows []userRow
	err := us.s.reader.NewSelect().Model(&rows).OrderExpr("created_at DESC, id DESC").
		Limit(int64(p.Limit)).Offset(int64(max(p.Offset, 0))).Scan(ctx)
	if err != nil {
		return nil, us.s.classify(ctx, err)
	}
	out := make([]identity.User, len(rows))
	for i, r := range rows {
		out[i] = r.user()
	}
	return out, nil
}

func (us users) Update(
	ctx context.Context, id uuid.UUID, change func(u *identity.User, others int) ([]event.Event, error),
) (identity.User, error) {
	var u identity.User
	err := us.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		others, err := us.lockAdmins(ctx, tx, id)
		if err != nil {
			return err
		}
		if u, err = us.one(ctx, tx, "id = ?", id); err != nil {
			return err
		}
		events, err := change(&u, others)
		if err != nil {
			return err
		}
		u.ID = id
		row := rowOfUser(u)
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return us.taken(ctx, err)
		}
		return insertEvents(ctx, tx, events...)
	})
	if err != nil {
		return identity.User{}, err
	}
	u.CreatedAt = u.CreatedAt.UTC().Truncate(time.Microsecond)
	return u, nil
}

// lockAdmins counts the active admins besides one user and locks their rows: of two who shut out each other at the same
// time, the second must see what the first did. The order of locking is that of the ids, the same for everybody.
func (us users) lockAdmins(ctx context.Context, tx bun.Tx, id uuid.UUID) (int, error) {
	var ids []uuid.UUID
	err := tx.NewRaw("SELECT id FROM users WHERE role = ? AND active = 1 OR id = ? ORDER BY id "+us.s.dialect.lock(),
		identity.Admin, id).Scan(ctx, &ids)
	if err != nil {
		return 0, us.s.classify(ctx, err)
	}
	others := 0
	for _, other := range ids {
		if other != id {
			others++
		}
	}
	return others, nil
}
