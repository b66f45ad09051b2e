package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// reindexBatch is how many chunks, about, come into one segment of generations that were in none.
const reindexBatch = 1 << 13

// Reindex implements document.Janitor. Each part of the index is put into the place of the one that it was made from, in a
// transaction of its own, so searches always see one or the other.
func (j janitor) Reindex(ctx context.Context, ws workspace.ID, terms document.TermsOf) (chunks int, err error) {
	r := reindexing{s: j.s, ws: ws, terms: terms, done: map[int64]bool{}}
	if r.newest, err = r.lastGeneration(ctx); err != nil {
		return 0, err
	}
	for more := true; more; { // somebody else may merge segments meanwhile
		if more, err = r.segments(ctx); err != nil {
			return r.chunks, fmt.Errorf("reindex %s: %w", ws, err)
		}
	}
	for more := true; more; {
		if more, err = r.lost(ctx); err != nil {
			return r.chunks, fmt.Errorf("reindex %s: %w", ws, err)
		}
	}
	return r.chunks, nil
}

// reindexing is one run of Reindex.
type reindexing struct {
	s      *Store
	ws     uuid.UUID
	terms  document.TermsOf
	newest int64          // the last generation there was in the beginning; later ones are as they should be
	done   map[int64]bool // generations that are indexed anew
	chunks int            // in them
}

func (r *reindexing) lastGeneration(ctx context.Context) (last int64, err error) {
	err = r.s.reader.NewSelect().Table("generations").ColumnExpr("coalesce(max(id), 0)").Where("workspace_id = ?", r.ws).Scan(ctx, &last)
	return last, r.s.classify(ctx, err)
}

// segments puts a new segment into the place of each that holds a generation which isn't done, and reports whether there may
// be more.
func (r *reindexing) segments(ctx context.Context) (more bool, err error) {
	var old []source
	err = r.s.read(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		old, err = readSources(ctx, tx, r.ws)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, src := range old {
		due, err := r.segment(ctx, src)
		if err != nil {
			return false, err
		}
		more = more || due
	}
	return more, nil
}

// segment reports whether there was anything to do about it.
func (r *reindexing) segment(ctx context.Context, old source) (due bool, err error) {
	var fresh indexed
	err = r.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		members, err := r.members(ctx, tx, old.id)
		if due = err == nil && r.pending(members); !due {
			return err
		}
		fresh, err = r.index(ctx, tx, members)
		return err
	})
	if err != nil || !due {
		return false, err
	}
	return true, r.replace(ctx, &old, fresh)
}

// members lists the generations of a segment. One that can't be read has none: what it held is indexed as lost.
func (r *reindexing) members(ctx context.Context, tx bun.Tx, id int64) ([]int64, error) {
	var raw [][]byte
	err := tx.NewSelect().Table("index_segments").Column("generations").Where("id = ?", id).Scan(ctx, &raw)
	if err != nil || len(raw) == 0 {
		return []int64{r.newest + 1}, err // it is gone: nothing to do
	}
	members, err := decodeMembers(raw[0])
	if err != nil {
		return nil, nil //nolint:nilerr // see above
	}
	ids := make([]int64, len(members))
	for i, m := range members {
		ids[i] = m.generation
	}
	return ids, nil
}

// pending reports whether a segment of these generations has to be made anew.
func (r *reindexing) pending(members []int64) bool {
	return len(members) == 0 || slices.ContainsFunc(members, func(g int64) bool { return g <= r.newest && !r.done[g] })
}

// lost indexes some of the generations that are in no segment, and reports whether there may be more.
func (r *reindexing) lost(ctx context.Context) (more bool, err error) {
	var fresh indexed
	err = r.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		var all []generationRow
		err := tx.NewSelect().Model(&all).Column("id", "chunk_count").
			Where("workspace_id = ? AND id <= ?", r.ws, r.newest).Order("id").Scan(ctx)
		if err != nil {
			return err
		}
		var some []int64
		chunks := 0
		for _, g := range all {
			if r.done[g.ID] || g.Chunks == 0 {
				continue
			}
			if more = chunks > 0 && chunks+g.Chunks > reindexBatch; more {
				break
			}
			some, chunks = append(some, g.ID), chunks+g.Chunks
		}
		fresh, err = r.index(ctx, tx, some)
		return err
	})
	if err != nil {
		return false, err
	}
	if len(fresh.generations) == 0 {
		return false, r.replace(ctx, nil, fresh) // the statistics may be wrong all the same
	}
	return more, r.replace(ctx, nil, fresh)
}

// indexed is a segment with the generations that it was made of.
type indexed struct {
	segment
	generations []generationRow
}

// index analyses generations, of which some may be gone or done, anew.
func (r *reindexing) index(ctx context.Context, tx bun.Tx, ids []int64) (out indexed, err error) {
	ids = slices.DeleteFunc(ids, func(g int64) bool { return r.done[g] })
	if len(ids) == 0 {
		return out, nil
	}
	var rows []titledGeneration
	err = tx.NewSelect().Table("generations").TableExpr("documents AS d").ColumnExpr("generations.id, generations.language, d.title").
		Where("generations.document_id = d.id").Where("generations.id IN (?)", bun.List(ids)).Order("generations.id").Scan(ctx, &rows)
	if err != nil {
		return out, fmt.Errorf("read generations: %w", err)
	}
	var streams []*stream
	for _, g := range rows {
		chunks, err := r.analyse(ctx, tx, g)
		if err != nil {
			return out, fmt.Errorf("generation %d: %w", g.ID, err)
		}
		row := generationRow{ID: g.ID, Chunks: len(chunks)}
		for _, c := range chunks {
			row.Terms += c.Length()
		}
		out.generations = append(out.generations, row)
		out.members = append(out.members, member{g.ID, len(chunks)})
		st := &stream{}
		for _, b := range invert(g.ID, chunks) {
			st.blocks = append(st.blocks, b.data)
		}
		if err := st.next(); err != nil {
			return out, err
		}
		streams = append(streams, st)
	}
	out.blocks, err = mergeStreams(streams)
	return out, err
}

// titledGeneration is what the analysis of a generation takes.
type titledGeneration struct {
	ID       int64         `bun:"id"`
	Language text.Language `bun:"language"`
	Title    string        `bun:"title"`
}

func (r *reindexing) analyse(ctx context.Context, tx bun.Tx, g titledGeneration) ([]document.Chunk, error) {
	var rows []chunkRow
	span := spanOf(g.ID)
	err := tx.NewSelect().Model(&rows).Column("no", "headings", "lead", "context", "body").
		Where("no BETWEEN ? AND ?", span.first, span.last).Order("no").Scan(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]document.Chunk, len(rows))
	for i, row := range rows {
		c := document.Chunk{Ordinal: int(row.No & maxOrdinal), Lead: row.Lead, Context: row.Context, Text: row.Body}
		if err := json.Unmarshal([]byte(row.Headings), &c.Headings); err != nil {
			return nil, err
		}
		c.Terms = r.terms(g.Title, g.Language, c)
		out[i] = c
	}
	return out, nil
}

// replace puts a segment into the place of an old one, or beside the others, and counts the workspace's live chunks anew.
// Nothing happens when the old one, or a generation, has changed meanwhile: then there is more to do.
func (r *reindexing) replace(ctx context.Context, old *source, fresh indexed) error {
	changed := false
	err := r.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.dialect.alone(ctx, tx, toCompact, r.ws); err != nil {
			return err
		}
		same, err := r.unchanged(ctx, tx, old, fresh)
		if changed = !same; err != nil || changed {
			return err
		}
		if old != nil {
			if _, err := exec(ctx, tx, "DELETE FROM index_segments WHERE id = ?", old.id); err != nil {
				return err
			}
		}
		if len(fresh.members) > 0 {
			if err := fresh.insert(ctx, tx, r.ws); err != nil {
				return err
			}
		}
		for _, g := range fresh.generations {
			_, err := tx.NewUpdate().Model(&g).Column("term_count").WherePK().Exec(ctx)
			if err != nil {
				return fmt.Errorf("count the terms of generation %d: %w", g.ID, err)
			}
			if err := r.s.dialect.keepVectors(ctx, tx, r.ws, spanOf(g.ID)); err != nil {
				return fmt.Errorf("index the vectors of generation %d: %w", g.ID, err)
			}
		}
		return recount(ctx, tx, r.ws)
	})
	if err != nil || changed {
		return err
	}
	for _, g := range fresh.generations {
		r.done[g.ID] = true
		r.chunks += g.Chunks
	}
	return nil
}

// unchanged reports whether what was read outside of tx is still so.
func (r *reindexing) unchanged(ctx context.Context, tx bun.Tx, old *source, fresh indexed) (bool, error) {
	if old != nil {
		same, err := numbers(ctx, tx, "SELECT 1 FROM index_segments WHERE id = ? AND dead = ?", old.id, old.dead)
		if err != nil || len(same) == 0 {
			return false, err
		}
	}
	for _, g := range fresh.generations {
		there, err := numbers(ctx, tx, "SELECT id FROM generations WHERE id = ?"+r.s.dialect.lockShared(), g.ID)
		if err != nil || len(there) == 0 {
			return false, err
		}
	}
	return true, nil
}

// recount makes the statistics of a workspace anew, from the generations that are not retired.
func recount(ctx context.Context, tx bun.Tx, ws uuid.UUID) error {
	if _, err := exec(ctx, tx, "DELETE FROM index_stats WHERE workspace_id = ?", ws); err != nil {
		return fmt.Errorf("count chunks: %w", err)
	}
	_, err := exec(ctx, tx, `INSERT INTO index_stats (workspace_id, language, chunks, terms)
		SELECT g.workspace_id, g.language, sum(g.chunk_count), sum(g.term_count) FROM generations AS g
		WHERE g.workspace_id = ? AND NOT EXISTS (SELECT 1 FROM index_tombstones AS t
			WHERE t.workspace_id = g.workspace_id AND t.generation_id = g.id)
		GROUP BY g.workspace_id, g.language`, ws)
	if err != nil {
		return fmt.Errorf("count chunks: %w", err)
	}
	return nil
}
