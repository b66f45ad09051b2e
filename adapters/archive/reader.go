package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Limits on what is read as a whole, in bytes.
const (
	maxJSON = 1 << 30 // of the manifest and the contents
	maxRow  = 1 << 30
	window  = 128 << 20 // for unpacking
)

// Reader reads an archive: Manifest, then Blobs, then Rows, then Contents.
type Reader struct {
	packed *zstd.Decoder
	tar    *tar.Reader
	next   *tar.Header // read, but not yet taken; nil at the end

	manifest Manifest
	blobs    *tally
	tables   map[string]*tally
}

// NewReader begins to read an archive. An error is ErrDamaged when it isn't one, or one of a version that isn't known. The
// caller closes the Reader.
func NewReader(r io.Reader) (*Reader, error) {
	packed, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, damaged("begin: %w", err)
	}
	a := &Reader{packed: packed, tar: tar.NewReader(packed), blobs: newTally(), tables: map[string]*tally{}}
	if err := a.begin(); err != nil {
		packed.Close()
		return nil, err
	}
	return a, nil
}

func (a *Reader) begin() error {
	if err := a.advance(); err != nil {
		return err
	}
	if err := a.json("manifest.json", &a.manifest); err != nil {
		return err
	}
	switch m := a.manifest; {
	case m.Format != Format:
		return damaged("it is no archive of this program")
	case m.Version != Version:
		return damaged("it has version %d of the format; this program reads version %d", m.Version, Version)
	}
	for _, t := range a.manifest.Tables {
		a.tables[t.Name] = newTally()
	}
	return nil
}

// Manifest returns what the archive begins with.
func (a *Reader) Manifest() Manifest { return a.manifest }

// Blobs calls take with every blob. take may leave some of it unread only by returning an error, which Blobs returns.
func (a *Reader) Blobs(take func(key, mediaType string, r io.Reader) error) error {
	for a.next != nil {
		key, ok := strings.CutPrefix(a.next.Name, "blobs/")
		if !ok {
			return nil
		}
		sum := sha256.New()
		n := &counter{}
		if err := take(key, a.next.PAXRecords[mediaTypeRecord], io.TeeReader(io.TeeReader(body{a.tar}, sum), n)); err != nil {
			return fmt.Errorf("blob %s: %w", key, err)
		}
		if n.bytes != a.next.Size {
			return fmt.Errorf("blob %s: %d of %d bytes were read", key, n.bytes, a.next.Size)
		}
		a.blobs.blob(key, n.bytes, sum)
		if err := a.advance(); err != nil {
			return err
		}
	}
	return nil
}

// Rows calls take with every row, in the order in which they were written. Blobs must have been read.
func (a *Reader) Rows(take func(table string, row []byte) error) error {
	for a.next != nil {
		rest, ok := strings.CutPrefix(a.next.Name, "tables/")
		if !ok {
			return nil
		}
		table, _, _ := strings.Cut(rest, "/")
		t := a.tables[table]
		if t == nil {
			return damaged("there are rows of a table %q that the manifest doesn't know", table)
		}
		if err := a.lines(func(line []byte) error {
			t.row(line)
			return take(table, line)
		}); err != nil {
			return err
		}
		if err := a.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (a *Reader) lines(take func(line []byte) error) error {
	in := bufio.NewReaderSize(io.LimitReader(a.tar, maxRow), 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return damaged("read %s: %w", a.next.Name, err)
		}
		if err := take(line); err != nil {
			return err
		}
	}
}

// Contents reads the end of the archive and compares it with what was read before. Whoever gets it without an error has had
// everything that was written.
func (a *Reader) Contents() (Contents, error) {
	if a.next == nil {
		return Contents{}, damaged("its end is missing")
	}
	var c Contents
	if err := a.json("contents.json", &c); err != nil {
		return Contents{}, err
	}
	if a.next != nil {
		return Contents{}, damaged("there is more after its end")
	}
	if c.Blobs != a.blobs.sum() {
		return Contents{}, damaged("the files are not those that were written")
	}
	for _, name := range slices.Sorted(maps.Keys(a.tables)) {
		if c.Tables[name] != a.tables[name].sum() {
			return Contents{}, damaged("the rows of %s are not those that were written", name)
		}
	}
	return c, nil
}

// Close releases what the Reader holds.
func (a *Reader) Close() { a.packed.Close() }

// json reads the entry that has to come next.
func (a *Reader) json(name string, into any) error {
	if a.next == nil || a.next.Name != name {
		return damaged("%s is missing", name)
	}
	raw, err := io.ReadAll(io.LimitReader(a.tar, maxJSON))
	if err != nil {
		return damaged("read %s: %w", name, err)
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(into); err != nil {
		return damaged("read %s: %w", name, err)
	}
	return a.advance()
}

// advance goes to the next entry.
func (a *Reader) advance() error {
	h, err := a.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		a.next = nil
		return nil
	case err != nil:
		return damaged("it ends or breaks in the middle: %w", err)
	case h.Typeflag != tar.TypeReg:
		return damaged("%q is no file", h.Name)
	}
	a.next = h
	return nil
}

// body is the content of an entry. That it can't be read to its end says something about the archive, not about its reader.
type body struct{ r io.Reader }

// Read implements io.Reader.
func (b body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged("it breaks in the middle: %w", err)
	}
	return n, err
}

// counter counts what is written to it.
type counter struct{ bytes int64 }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}
