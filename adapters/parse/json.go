package parse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// jsonData reads JSON. With lines, every line of the file is a record, as in JSON lines; otherwise each element of a list at the top
// is one. A record becomes lines of "path: value", in the order of the file.
type jsonData struct{ lines bool }

func (f jsonData) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	s, err := decodeText(data)
	if err != nil {
		return corrupt("a text", err)
	}
	if f.lines {
		return jsonLines(ctx, s, out)
	}
	r := jsonReader{ctx: ctx, out: out, d: json.NewDecoder(strings.NewReader(s))}
	r.d.UseNumber()
	blocks := &output{limits: out.limits}
	r.out = blocks
	if err := r.document(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return addParagraphs(out, s, 0) // comments, commas too many, several values: still a text
		}
		return err
	}
	for _, b := range blocks.parsed.Blocks {
		if err := out.add(b); err != nil {
			return err
		}
	}
	return nil
}

// jsonLines reads a record from each line; a line that isn't JSON is a text.
func jsonLines(ctx context.Context, s string, out *output) error {
	number := 0
	for line := range strings.SplitSeq(s, "\n") {
		number++
		if number%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		record := &output{limits: out.limits}
		r := jsonReader{ctx: ctx, out: record, d: json.NewDecoder(strings.NewReader(line)), row: number}
		r.d.UseNumber()
		if err := r.value(nil); err != nil || r.flush() != nil || r.d.More() {
			record.parsed.Blocks = []text.Block{{Text: line, Row: number}}
		}
		for _, b := range record.parsed.Blocks {
			if err := out.add(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// jsonReader turns tokens into blocks; it builds no tree.
type jsonReader struct {
	ctx   context.Context //nolint:containedctx // it lives no longer than one call of read
	out   *output
	d     *json.Decoder
	row   int
	lines bytes.Buffer
	n     int
}

// recordBytes is how long the block of a record may become before the next begins.
const recordBytes = 4 << 10

// maxJSONDepth bounds how deeply lists and objects may be nested.
const maxJSONDepth = 500

func (r *jsonReader) document() error {
	t, err := r.d.Token()
	if err != nil {
		return err
	}
	if t == json.Delim('[') {
		for r.row = 1; r.d.More(); r.row++ {
			if err := r.value(nil); err != nil {
				return err
			}
			if err := r.flush(); err != nil {
				return err
			}
		}
		_, err = r.d.Token()
	} else {
		err = r.after(t, nil)
	}
	if err == nil {
		err = r.flush()
	}
	if err == nil {
		if _, more := r.d.Token(); !errors.Is(more, io.EOF) {
			return io.ErrUnexpectedEOF // something follows the value
		}
	}
	return err
}

func (r *jsonReader) value(path []string) error {
	t, err := r.d.Token()
	if err != nil {
		return err
	}
	return r.after(t, path)
}

// after prints the value that begins with a token.
func (r *jsonReader) after(t json.Token, path []string) error {
	if r.n++; r.n%1024 == 0 && r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if len(path) > maxJSONDepth {
		return corrupt("JSON of a sensible depth", nil)
	}
	switch t := t.(type) {
	case json.Delim:
		return r.members(t, path)
	case string:
		return r.line(path, t)
	case json.Number:
		return r.line(path, t.String())
	case bool:
		return r.line(path, strconv.FormatBool(t))
	}
	return nil // null
}

func (r *jsonReader) members(open json.Delim, path []string) error {
	for i := 1; r.d.More(); i++ {
		key := strconv.Itoa(i)
		if open == '{' {
			t, err := r.d.Token()
			if err != nil {
				return err
			}
			key, _ = t.(string)
		}
		if err := r.value(append(path[:len(path):len(path)], key)); err != nil {
			return err
		}
		if len(path) == 0 && open == '{' && r.lines.Len() > recordBytes/4 {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	_, err := r.d.Token()
	return err
}

// shownPath is how many of the last names of a path stand before a value.
const shownPath = 4

func (r *jsonReader) line(path []string, value string) error {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	if r.lines.Len() > 0 {
		r.lines.WriteByte('\n')
	}
	if len(path) > 0 {
		r.lines.WriteString(cut(strings.Join(path[max(0, len(path)-shownPath):], "."), 200) + ": ")
	}
	r.lines.WriteString(value)
	if r.lines.Len() > recordBytes {
		return r.flush()
	}
	return nil
}

func (r *jsonReader) flush() error {
	s := r.lines.String()
	r.lines.Reset()
	return r.out.add(text.Block{Row: r.row, Text: s})
}
