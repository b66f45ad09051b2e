package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Workspaces returns the workspaces with their members.
func (s *Store) Workspaces() workspace.Store { return workspaces{s} }

type workspaces struct{ s *Store }

var _ workspace.Store = workspaces{}

// workspaceRow is a row of workspaces.
type workspaceRow struct {
	bun.BaseModel `bun:"table:workspaces,alias:w"`

	ID          uuid.UUID            `bun:"id,pk"`
	Name        string               `bun:"name"`
	NameKey     string               `bun:"name_key"`
	Description string               `bun:"description"`
	Visibility  workspace.Visibility `bun:"visibility"`
	Owner       *uuid.UUID           `bun:"owner_user_id"`
	CreatedAt   int64                `bun:"created_at"`
	UpdatedAt   int64                `bun:"updated_at"`
	ArchivedAt  *int64               `bun:"archived_at"`

	Answers   workspace.AnswerPolicy `bun:"answer_policy"`
	Retrieval retrievalColumn        `bun:"retrieval"`
}

// memberRow is a row of workspace_members.
type memberRow struct {
	bun.BaseModel `bun:"table:workspace_members,alias:m"`

	Workspace uuid.UUID `bun:"workspace_id,pk"`
	User      uuid.UUID `bun:"user_id,pk"`
	CreatedAt int64     `bun:"created_at"`
}

func rowOfWorkspace(w workspace.Workspace) workspaceRow {
	return workspaceRow{
		ID: w.ID, Name: w.Name, NameKey: strings.ToLower(w.Name), Description: w.Description, Visibility: w.Visibility,
		Owner: nullable(w.Owner), CreatedAt: micros(w.CreatedAt), UpdatedAt: micros(w.UpdatedAt),
		ArchivedAt: nullMicros(w.ArchivedAt), Answers: cmp.Or(w.Answers, workspace.AnswersAnnotated), Retrieval: retrievalColumn(w.Retrieval),
	}
}

func (r workspaceRow) workspace(members []uuid.UUID) workspace.Workspace {
	return workspace.Workspace{
		ID: r.ID, Name: r.Name, Description: r.Description, Visibility: r.Visibility, Owner: value(r.Owner),
		Members: members, CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt), ArchivedAt: nullMoment(r.ArchivedAt),
		Answers: r.Answers, Retrieval: workspace.Retrieval(r.Retrieval),
	}
}

// Create implements workspace.Store.
func (ws workspaces) Create(ctx context.Context, w workspace.Workspace, events ...event.Event) error {
	row := rowOfWorkspace(w)
	return ws.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return ws.explain(ctx, err)
		}
		if err := ws.setMembers(ctx, tx, row, nil, distinctIDs(w.Members)); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
}

// Workspace implements workspace.Store.
func (ws workspaces) Workspace(ctx context.Context, id workspace.ID) (w workspace.Workspace, err error) {
	err = ws.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, w, err = ws.one(ctx, tx, id, "")
		return err
	})
	return w, err
}

// List implements workspace.Store.
func (ws workspaces) List(ctx context.Context, f workspace.Filter) ([]workspace.Workspace, error) {
	if f.Limit <= 0 {
		return nil, nil
	}
	var rows []workspaceRow
	var members map[uuid.UUID][]uuid.UUID
	err := ws.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		q := tx.NewSelect().Model(&rows).OrderExpr("w.created_at DESC, w.id DESC").
			Limit(int64(f.Limit)).Offset(int64(max(f.Offset, 0)))
		if err := chooseWorkspaces(q, f).Scan(ctx); err != nil {
			return fmt.Errorf("list workspaces: %w", err)
		}
		ids := make([]uuid.UUID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		var err error
		members, err = membersOf(ctx, tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]workspace.Workspace, len(rows))
	for i, r := range rows {
		out[i] = r.workspace(members[r.ID])
	}
	return out, nil
}

// chooseWorkspaces narrows a select from workspaces as w to what the filter chooses.
func chooseWorkspaces(q *bun.SelectQuery, f workspace.Filter) *bun.SelectQuery {
	if f.Reader != uuid.Nil {
		q.Where(`(w.owner_user_id = ? OR w.visibility = ? OR w.visibility = ? AND EXISTS (
			SELECT 1 FROM workspace_members AS m WHERE m.workspace_id = w.id AND m.user_id = ?))`,
			f.Reader, workspace.OrgRead, workspace.Shared, f.Reader)
	}
	if len(f.IDs) > 0 {
		q.Where("w.id IN (?)", bun.List(f.IDs))
	}
	if f.Owner != uuid.Nil {
		q.Where("w.owner_user_id = ?", f.Owner)
	}
	if !f.Archived {
		q.Where("w.archived_at IS NULL")
	}
	if f.After != (workspace.Position{}) {
		q.Where("(w.created_at, w.id) < (?, ?)", micros(f.After.CreatedAt), f.After.ID)
	}
	return q
}

// Update implements workspace.Store. What change does to the id and to the time of making has no effect.
func (ws workspaces) Update(
	ctx context.Context, id workspace.ID, change func(w *workspace.Workspace) ([]event.Event, error),
) (workspace.Workspace, error) {
	var stored workspace.Workspace
	err := ws.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		old, w, err := ws.one(ctx, tx, id, ws.s.dialect.lock())
		if err != nil {
			return err
		}
		before := slices.Clone(w.Members) // change may sort or overwrite the slice that it gets
		events, err := change(&w)
		if err != nil {
			return err
		}
		row, members := rowOfWorkspace(w), distinctIDs(w.Members)
		row.ID, row.CreatedAt = old.ID, old.CreatedAt
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return ws.explain(ctx, err)
		}
		if err := ws.setMembers(ctx, tx, row, before, members); err != nil {
			return err
		}
		stored = row.workspace(members)
		return insertEvents(ctx, tx, events...)
	})
	if err != nil {
		return workspace.Workspace{}, err
	}
	return stored, nil
}

// one reads a workspace with its members; lock is appended to the select.
func (ws workspaces) one(ctx context.Context, tx bun.Tx, id uuid.UUID, lock string) (workspaceRow, workspace.Workspace, error) {
	var row workspaceRow
	err := tx.NewRaw("SELECT * FROM workspaces WHERE id = ? "+lock, id).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return row, workspace.Workspace{}, fault.NotFound.Errorf("there is no such workspace")
	}
	if err != nil {
		return row, workspace.Workspace{}, fmt.Errorf("read workspace %s: %w", id, err)
	}
	members, err := membersOf(ctx, tx, []uuid.UUID{id})
	return row, row.workspace(members[id]), err
}

// membersOf reads the members of some workspaces, in the order of their ids.
func membersOf(ctx context.Context, tx bun.Tx, ids []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []memberRow
	err := tx.NewSelect().Model(&rows).Where("m.workspace_id IN (?)", bun.List(ids)).
		OrderExpr("m.workspace_id, m.user_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	out := make(map[uuid.UUID][]uuid.UUID, len(ids))
	for _, r := range rows {
		out[r.Workspace] = append(out[r.Workspace], r.User)
	}
	return out, nil
}

// setMembers turns the stored members into the wanted ones; both are in order. Whoever stays keeps the time of joining.
func (ws workspaces) setMembers(ctx context.Context, tx bun.Tx, w workspaceRow, have, want []uuid.UUID) error {
	gone, added := without(have, want), without(want, have)
	if len(gone) > 0 {
		_, err := tx.NewDelete().Table("workspace_members").
			Where("workspace_id = ? AND user_id IN (?)", w.ID, bun.List(gone)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("remove members of workspace %s: %w", w.ID, err)
		}
	}
	if len(added) == 0 {
		return nil
	}
	rows := make([]memberRow, len(added))
	for i, user := range added {
		rows[i] = memberRow{Workspace: w.ID, User: user, CreatedAt: w.UpdatedAt}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		err = ws.s.classify(ctx, err)
		if errors.Is(err, fault.Invalid) { // the foreign key
			return fault.Field("user_ids", "has somebody who is no user")
		}
		return fmt.Errorf("add members of workspace %s: %w", w.ID, err)
	}
	return nil
}

// explain says in the caller's words why a row of workspaces can't be written.
func (ws workspaces) explain(ctx context.Context, err error) error {
	err = ws.s.classify(ctx, err)
	switch {
	case errors.Is(err, fault.Conflict):
		return fault.Conflict.Wrap(err, "the owner has a workspace of this name already")
	case errors.Is(err, fault.Invalid): // the foreign key
		return fault.Field("owner_user_id", "is no user")
	}
	return err
}

// distinctIDs returns ids in order, each once; nil when there are none.
func distinctIDs(ids []uuid.UUID) []uuid.UUID {
	if len(ids) == 0 {
		return nil
	}
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

// without returns those of ids that are not among the others.
func without(ids, others []uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(ids), func(id uuid.UUID) bool { return slices.Contains(others, id) })
}
