package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
)

// ordinalBits is how many bits of a chunk's number are its place in the generation; the rest is the generation's id.
const ordinalBits = 20

// maxOrdinal is the largest place of a chunk in a generation that a number can hold.
const maxOrdinal = 1<<ordinalBits - 1

// chunkNo is the number of a chunk: its key in the table and in the index.
func chunkNo(generation int64, ordinal int) int64 { return generation<<ordinalBits | int64(ordinal) }

// addToIndex adds a generation, whose row exists, to the lexical index and to the statistics of its workspace.
func addToIndex(ctx context.Context, tx bun.Tx, ws uuid.UUID, generation int64, g document.Generation) error {
	if len(g.Chunks) > 0 {
		s := segment{members: []member{{generation, len(g.Chunks)}}, blocks: invert(generation, g.Chunks)}
		if err := s.insert(ctx, tx, ws); err != nil {
			return fmt.Errorf("add generation %d to the index: %w", generation, err)
		}
	}
	return count(ctx, tx, ws, generation, +1)
}

// retireFromIndex takes a generation out of all searches and out of the statistics, from the commit of tx on. Its row must
// still be there. Doing it again changes nothing.
func retireFromIndex(ctx context.Context, tx bun.Tx, ws uuid.UUID, generation int64) error {
	res, err := exec(ctx, tx, `INSERT INTO index_tombstones (workspace_id, generation_id)
		SELECT workspace_id, id FROM generations WHERE workspace_id = ? AND id = ? ON CONFLICT DO NOTHING`, ws, generation)
	return countOnce(ctx, tx, res, err, change{ws, generation, -1})
}

// restoreToIndex undoes retireFromIndex for a generation whose rows were kept. Doing it again changes nothing.
func restoreToIndex(ctx context.Context, tx bun.Tx, ws uuid.UUID, generation int64) error {
	res, err := exec(ctx, tx, `DELETE FROM index_tombstones WHERE workspace_id = ? AND generation_id = ?
		AND EXISTS (SELECT 1 FROM generations AS g WHERE g.id = generation_id)`, ws, generation)
	return countOnce(ctx, tx, res, err, change{ws, generation, +1})
}

// change of the statistics by a generation that comes, +1, or goes, -1.
type change struct {
	ws         uuid.UUID
	generation int64
	sign       int
}

// countOnce counts a change when a statement, which had this outcome, changed a row.
func countOnce(ctx context.Context, tx bun.Tx, res sql.Result, err error, c change) error {
	if err != nil {
		return fmt.Errorf("change tombstone of generation %d: %w", c.generation, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return count(ctx, tx, c.ws, c.generation, c.sign)
}

// count adds a generation to the statistics, or takes it out, by what its row says.
func count(ctx context.Context, tx bun.Tx, ws uuid.UUID, generation int64, sign int) error {
	_, err := exec(ctx, tx, `INSERT INTO index_stats (workspace_id, language, chunks, terms)
		SELECT workspace_id, language, ? * chunk_count, ? * term_count FROM generations WHERE workspace_id = ? AND id = ?
		ON CONFLICT (workspace_id, language) DO UPDATE
		SET chunks = index_stats.chunks + excluded.chunks, terms = index_stats.terms + excluded.terms`,
		sign, sign, ws, generation)
	if err != nil {
		return fmt.Errorf("count generation %d: %w", generation, err)
	}
	return nil
}

// segment is an immutable part of a workspace's index.
type segment struct {
	members []member // ascending
	dead    generationSet
	blocks  []block
}

func (s *segment) insert(ctx context.Context, tx bun.Tx, ws uuid.UUID) (err error) {
	chunks := 0
	for _, m := range s.members {
		chunks += m.chunks
	}
	var id int64
	err = queryRow(ctx, tx, `INSERT INTO index_segments (workspace_id, chunks, dead, generations)
		VALUES (?, ?, ?, ?) RETURNING id`, ws, chunks, s.dead.encode(), encodeMembers(s.members)).Scan(&id)
	if err != nil {
		return fmt.Errorf("insert segment: %w", err)
	}
	stmt, err := prepare(ctx, tx, "INSERT INTO index_blocks (segment_id, first_term, data) VALUES (?, ?, ?)")
	if err != nil {
		return fmt.Errorf("prepare blocks: %w", err)
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for _, b := range s.blocks {
		if _, err := stmt.ExecContext(ctx, id, speaks(tx).term(b.first), b.data); err != nil {
			return fmt.Errorf("insert block of segment %d: %w", id, err)
		}
	}
	return nil
}

// invert turns chunks with their terms into terms with their chunks.
func invert(generation int64, chunks []document.Chunk) []block {
	numbers := map[string]int{}
	var terms []string
	var ends []int // of each term: how many postings it has, and later where they end
	total := 0
	for _, c := range chunks {
		for _, t := range c.Terms {
			n, ok := numbers[t.Text]
			if !ok {
				n = len(terms)
				numbers[t.Text], terms, ends = n, append(terms, t.Text), append(ends, 0)
			}
			ends[n]++
			total++
		}
	}
	at := 0
	for n, size := range ends {
		ends[n], at = at, at+size
	}
	all := make([]posting, total) // those of a term stand together
	for _, c := range chunks {
		no, length := chunkNo(generation, c.Ordinal), int32(c.Length()) //nolint:gosec // a chunk is small
		for _, t := range c.Terms {
			n := numbers[t.Text]
			all[ends[n]] = posting{no, int32(t.Count), length} //nolint:gosec // at most length
			ends[n]++
		}
	}
	slices.Sort(terms)
	var w blockWriter
	for _, term := range terms {
		n := numbers[term]
		if ps := tidyPostings(all[startOf(ends, n):ends[n]]); len(ps) > 0 {
			w.add(term, ps)
		}
	}
	return w.finish()
}

// startOf returns where the postings of the term with a number begin: where those of the one before end.
func startOf(ends []int, n int) int {
	if n == 0 {
		return 0
	}
	return ends[n-1]
}

// tidyPostings puts postings into the order of their chunks, and makes one of several in the same.
func tidyPostings(ps []posting) []posting {
	byChunk := func(a, b posting) int { return cmp.Compare(a.no, b.no) }
	if !slices.IsSortedFunc(ps, byChunk) {
		slices.SortFunc(ps, byChunk)
	}
	out := ps[:0]
	for _, p := range ps {
		if n := len(out); n > 0 && out[n-1].no == p.no {
			out[n-1].count += p.count // the same term twice in a list is as good as once with both counts
		} else if p.count > 0 {
			out = append(out, p)
		}
	}
	return out
}
