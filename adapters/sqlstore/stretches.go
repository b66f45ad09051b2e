package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Stretches implements retrieval.Index.
func (ix index) Stretches(ctx context.Context, s workspace.Scope, reaches []retrieval.Reach) (out []retrieval.Stretch, err error) {
	if len(reaches) == 0 {
		return nil, nil
	}
	err = ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		spans, err := reachable(ctx, tx, reaches)
		if err != nil {
			return fmt.Errorf("read the places of chunks: %w", err)
		}
		if out, err = readStretches(ctx, tx, s, reaches, spans); err != nil {
			return fmt.Errorf("read %d stretches: %w", len(reaches), err)
		}
		return nil
	})
	return out, err
}

// reachable returns the spans of the reaches as far as the chunks go that bound them.
func reachable(ctx context.Context, tx bun.Tx, reaches []retrieval.Reach) (out []text.Span, err error) {
	var parts []string
	var args []any
	for i, r := range reaches {
		out = append(out, text.Span{Start: max(r.Span.Start, 0), End: r.Span.End})
		if r.Beside > 0 {
			parts = append(parts, "SELECT "+strconv.Itoa(i)+", min(start_byte), max(end_byte) FROM chunks WHERE no BETWEEN ? AND ? HAVING count(*) > 0")
			args = append(args, chunkNo(r.Generation, max(r.Ordinal-r.Beside, 0)), chunkNo(r.Generation, min(r.Ordinal+r.Beside, maxOrdinal)))
		}
	}
	if len(parts) == 0 {
		return out, nil
	}
	rows, err := query(ctx, tx, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var i, start, end int
		if err := rows.Scan(&i, &start, &end); err != nil {
			return nil, err
		}
		out[i] = text.Span{Start: max(out[i].Start, start), End: min(out[i].End, end)}
	}
	return out, rows.Err()
}

// readStretches reads the spans of the generations that the scope sees.
func readStretches(
	ctx context.Context, tx bun.Tx, s workspace.Scope, reaches []retrieval.Reach, spans []text.Span,
) (out []retrieval.Stretch, err error) {
	d := speaks(tx)
	parts, args := make([]string, len(reaches)), []any(nil)
	for i, r := range reaches {
		c := conditions{dialect: d}
		c.add("g.id = ?", r.Generation)
		c.seen(s)
		parts[i] = "SELECT " + strconv.Itoa(i) + ", g.pages, substr(" + d.bytes("g.body") + ", ?, ?)" +
			" FROM generations AS g JOIN documents AS d ON d.id = g.document_id AND d.generation_id = g.id" + c.where()
		args = append(append(args, spans[i].Start+1, max(spans[i].End-spans[i].Start, 0)), c.args...)
	}
	rows, err := query(ctx, tx, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = make([]retrieval.Stretch, len(reaches))
	for rows.Next() {
		var i int
		var rawPages string
		var body []byte
		if err := rows.Scan(&i, &rawPages, &body); err != nil {
			return nil, err
		}
		if out[i], err = stretchOf(body, spans[i].Start, rawPages); err != nil {
			return nil, fmt.Errorf("generation %d: %w", reaches[i].Generation, err)
		}
	}
	return out, rows.Err()
}

// stretchOf makes a stretch of bytes that begin somewhere in a text, without the characters that are cut at the ends.
func stretchOf(body []byte, start int, rawPages string) (retrieval.Stretch, error) {
	for len(body) > 0 && !utf8.RuneStart(body[0]) {
		body, start = body[1:], start+1
	}
	for cut := len(body) - 1; cut >= 0 && cut >= len(body)-utf8.UTFMax; cut-- {
		if utf8.RuneStart(body[cut]) {
			if !utf8.FullRune(body[cut:]) {
				body = body[:cut]
			}
			break
		}
	}
	if len(body) == 0 {
		return retrieval.Stretch{}, nil
	}
	pages, err := decodePages(rawPages)
	if err != nil {
		return retrieval.Stretch{}, err
	}
	span := text.Span{Start: start, End: start + len(body)}
	return retrieval.Stretch{Span: span, Text: string(body), Pages: touched(pages, span)}, nil
}
