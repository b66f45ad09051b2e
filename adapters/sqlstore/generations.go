package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// generationRow is a row of generations.
type generationRow struct {
	bun.BaseModel `bun:"table:generations,alias:g"`

	ID        int64         `bun:"id,pk,autoincrement"`
	Document  uuid.UUID     `bun:"document_id"`
	Workspace uuid.UUID     `bun:"workspace_id"`
	Language  text.Language `bun:"language"`
	Chunks    int           `bun:"chunk_count"`
	Terms     int           `bun:"term_count"`
	CreatedAt int64         `bun:"created_at"`
	Title     string        `bun:"title"`
	Pages     string        `bun:"pages"`
	Body      string        `bun:"body"`
}

// chunkRow is a row of chunks.
type chunkRow struct {
	bun.BaseModel `bun:"table:chunks,alias:c"`

	No       int64     `bun:"no,pk"`
	ID       uuid.UUID `bun:"id"`
	Embedded []byte    `bun:"embedded"`
	Start    int       `bun:"start_byte"`
	End      int       `bun:"end_byte"`
	PageFrom int       `bun:"page_from"`
	PageTo   int       `bun:"page_to"`
	RowFrom  int       `bun:"row_from"`
	RowTo    int       `bun:"row_to"`
	Headings string    `bun:"headings"` // a JSON list

	SectionStart int `bun:"section_start"`
	SectionEnd   int `bun:"section_end"`

	Lead       string `bun:"lead"`
	Context    string `bun:"context"`
	ContextKey []byte `bun:"context_key"` // nil where no context was asked for
	Body       string `bun:"body"`
}

// generationRows is a generation with its chunks, whose numbers are places until the generation has an id.
type generationRows struct {
	generationRow
	chunks []chunkRow
}

// rowsOfGeneration does ahead of the transaction what doesn't need it.
func rowsOfGeneration(r document.Run, g document.Generation, now time.Time) (generationRows, error) {
	if len(g.Chunks) > maxOrdinal {
		return generationRows{}, fault.TooLarge.Errorf("a document can't have more than %d chunks", maxOrdinal).
			Because(document.ReasonTooLarge)
	}
	pages, err := encodePages(g.Pages)
	if err != nil {
		return generationRows{}, err
	}
	rows := generationRows{
		generationRow: generationRow{
			Document: r.Document, Workspace: r.Workspace, Language: g.Language, Chunks: len(g.Chunks),
			CreatedAt: micros(now), Title: storable(g.Title), Pages: pages, Body: g.Body,
		},
		chunks: make([]chunkRow, len(g.Chunks)),
	}
	for i, c := range g.Chunks {
		headings, err := json.Marshal(append([]string{}, c.Headings...)) // [] rather than null
		if err != nil {
			return generationRows{}, fmt.Errorf("encode headings of chunk %s: %w", c.ID, err)
		}
		rows.chunks[i] = chunkRow{
			No: int64(c.Ordinal), ID: c.ID, Embedded: g.Chunks[i].Embedded[:], Start: c.Span.Start, End: c.Span.End,
			PageFrom: c.PageFrom, PageTo: c.PageTo, RowFrom: c.RowFrom, RowTo: c.RowTo, Headings: string(headings),
			SectionStart: c.Section.Start, SectionEnd: c.Section.End, Lead: c.Lead, Context: storable(c.Context), Body: c.Text,
		}
		if c.ContextKey != (document.Hash{}) {
			rows.chunks[i].ContextKey = g.Chunks[i].ContextKey[:]
		}
		rows.Terms += c.Length()
	}
	return rows, nil
}

// hashes are the keys of the embeddings that the generation needs.
func (rows *generationRows) hashes() []document.Hash {
	out := make([]document.Hash, len(rows.chunks))
	for i, c := range rows.chunks {
		out[i] = document.Hash(c.Embedded)
	}
	return out
}

// replace stores the next generation in the place of the old one, which is 0 when there is none.
func replace(ctx context.Context, tx bun.Tx, old int64, next *generationRows, g document.Generation) error {
	if old != 0 {
		if err := retireFromIndex(ctx, tx, next.Workspace, old); err != nil {
			return err
		}
		if err := deleteGeneration(ctx, tx, old); err != nil {
			return err
		}
	}
	if err := next.insert(ctx, tx); err != nil {
		return err
	}
	return addToIndex(ctx, tx, next.Workspace, next.ID, g)
}

// deleteGeneration removes a generation and its chunks; their embeddings stay.
func deleteGeneration(ctx context.Context, tx bun.Tx, generation int64) error {
	if err := speaks(tx).dropVectors(ctx, tx, spanOf(generation)); err != nil {
		return fmt.Errorf("delete vectors of generation %d: %w", generation, err)
	}
	_, err := tx.NewDelete().Table("chunks").
		Where("no BETWEEN ? AND ?", chunkNo(generation, 0), chunkNo(generation, maxOrdinal)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete chunks of generation %d: %w", generation, err)
	}
	if _, err := tx.NewDelete().Table("generations").Where("id = ?", generation).Exec(ctx); err != nil {
		return fmt.Errorf("delete generation %d: %w", generation, err)
	}
	return nil
}

// insert stores the generation, numbers its chunks by the id that it got, and stores them. Bodies go in as arguments of a
// statement that is prepared once: printing them into statements takes longer than storing them.
func (rows *generationRows) insert(ctx context.Context, tx bun.Tx) error {
	err := queryRow(ctx, tx, "INSERT INTO generations"+
		" (document_id, workspace_id, language, chunk_count, term_count, created_at, title, pages, body)"+
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		rows.Document, rows.Workspace, rows.Language, rows.Chunks, rows.Terms, rows.CreatedAt, rows.Title, rows.Pages, rows.Body,
	).Scan(&rows.ID)
	if err != nil {
		return fmt.Errorf("insert a generation of document %s: %w", rows.Document, err)
	}
	for i := range rows.chunks {
		rows.chunks[i].No = chunkNo(rows.ID, int(rows.chunks[i].No))
	}
	chunks := bulk[chunkRow]{
		head: "INSERT INTO chunks (no, id, embedded, start_byte, end_byte, page_from, page_to, row_from, row_to," +
			" headings, section_start, section_end, lead, context, context_key, body)",
		values: func(c *chunkRow, into []any) []any {
			return append(into, c.No, c.ID.String(), c.Embedded, c.Start, c.End, c.PageFrom, c.PageTo, c.RowFrom, c.RowTo,
				c.Headings, c.SectionStart, c.SectionEnd, c.Lead, c.Context, c.ContextKey, c.Body)
		},
	}
	if err := chunks.insert(ctx, tx, rows.chunks); err != nil {
		return fmt.Errorf("insert chunks of document %s: %w", rows.Document, err)
	}
	if err := speaks(tx).keepVectors(ctx, tx, rows.Workspace, spanOf(rows.ID)); err != nil {
		return fmt.Errorf("index vectors of document %s: %w", rows.Document, err)
	}
	return nil
}
