package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// hidden are the conditions on documents, as d, whose visible generations the scope doesn't see. Those on allowed roles and
// deletion are spelled as in the index of restricted documents, which few workspaces have many of.
func hidden(d dialect, s workspace.Scope) conditions {
	c := conditions{dialect: d}
	c.add("d.workspace_id = ?", s.Workspace())
	c.add("d.allowed_roles <> '[]'")
	c.add("d.deleted_at IS NULL")
	c.add("d.generation_id IS NOT NULL")
	c.add("? NOT IN ("+d.members("d.allowed_roles", ofWords)+")", string(s.Role()))
	if s.User() != uuid.Nil {
		c.add("d.uploaded_by_user_id IS DISTINCT FROM ?", s.User())
	}
	return c
}

// conditions are parts of a WHERE clause that must all hold.
type conditions struct {
	dialect dialect
	parts   []string
	args    []any
	err     error // of the first argument that couldn't be used
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// among adds that an expression is one of a list, unless the list is empty. A list of any length is one argument.
func among[T any](c *conditions, expr string, kind memberKind, list []T) {
	if len(list) == 0 {
		return
	}
	raw, err := json.Marshal(list)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("encode values of %s: %w", expr, err)
	}
	c.add(expr+" IN ("+c.dialect.members("?", kind)+")", string(raw))
}

func (c *conditions) where() string { return " WHERE " + strings.Join(c.parts, " AND ") }

// filterConditions are those of a filter on documents as d, none when it lets everything pass.
func filterConditions(d dialect, f retrieval.Filter) conditions {
	c := conditions{dialect: d}
	among(&c, "d.id", ofIDs, f.Documents)
	among(&c, "d.media_type", ofWords, f.MediaTypes)
	among(&c, "d.source", ofWords, f.Sources)
	among(&c, "d.language", ofWords, f.Languages)
	for _, tag := range f.Tags {
		c.add("? IN ("+d.members("d.tags", ofWords)+")", tag)
	}
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		c.add(d.property("d.metadata"), key, f.Metadata[key])
	}
	if !f.From.IsZero() {
		c.add("d.created_at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		c.add("d.created_at < ?", ceilMicros(f.To))
	}
	return c
}

// hit is a chunk, by its number, as an arm found it.
type hit struct {
	no    int64
	score float64
	id    uuid.UUID // zero where only the number is known
}

// search is one arm of the search: the k best hits, with all that tie with the last of them, best first, ties in any
// order. When only isn't nil, just its generations count.
type search func(k int, only *generationSet) ([]hit, error)

// probe is how many hits are tried against a filter, for each one wanted, before the filter is resolved in full.
const probe = 4

// filtered runs a search under a filter. A filter that lets much pass is tested on the best hits alone; where these don't
// suffice, all documents that it lets pass are looked up and the search is run among them.
func filtered(ctx context.Context, tx bun.Tx, s workspace.Scope, f retrieval.Filter, k int, run search) ([]hit, error) {
	c := filterConditions(speaks(tx), f)
	if c.err != nil {
		return nil, c.err
	}
	if len(c.parts) == 0 {
		return run(k, nil)
	}
	inWorkspace := "d.workspace_id = ?"
	if len(f.Documents) > 0 {
		inWorkspace = c.dialect.unindexed("d.workspace_id") + " = ?" // the few ids are to be looked up, not the workspace
	} else {
		hits, err := run(probe*k, nil)
		if err != nil {
			return nil, err
		}
		kept, err := pass(ctx, tx, c, hits, k)
		if err != nil || len(kept) >= k || len(hits) < probe*k {
			return kept, err
		}
	}
	c.add(inWorkspace, s.Workspace())
	c.add("d.deleted_at IS NULL")
	c.add("d.generation_id IS NOT NULL")
	list, err := numbers(ctx, tx, "SELECT d.generation_id FROM documents AS d"+c.where(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("look up what a filter lets pass: %w", err)
	}
	only := newGenerationSet(list)
	return run(k, &only)
}

// pass returns those of the hits, best first, whose documents fulfil the conditions. It stops where there are k and the rest
// is worse.
func pass(ctx context.Context, tx bun.Tx, c conditions, hits []hit, k int) ([]hit, error) {
	var kept []hit
	for batch := range slices.Chunk(hits, 2*k) {
		if len(kept) >= k && batch[0].score < kept[k-1].score {
			break
		}
		list := make([]int64, len(batch))
		for i, h := range batch {
			list[i] = h.no >> ordinalBits
		}
		of := conditions{dialect: c.dialect, parts: slices.Clone(c.parts), args: slices.Clone(c.args)}
		among(&of, "g.id", ofIntegers, newGenerationSet(list))
		passed, err := numbers(ctx, tx, "SELECT g.id FROM generations AS g JOIN documents AS d ON d.id = g.document_id"+
			of.where(), of.args...)
		if err != nil {
			return nil, fmt.Errorf("test hits against a filter: %w", err)
		}
		good := newGenerationSet(passed)
		for _, h := range batch {
			if good.holds(h.no >> ordinalBits) {
				kept = append(kept, h)
			}
		}
	}
	return kept, nil
}

// ceilMicros is micros of a bound of a range: stored times are whole microseconds, so rounding up keeps both "at or after"
// and "before" exact.
func ceilMicros(t time.Time) int64 { return micros(t.Add(time.Microsecond - time.Nanosecond)) }
