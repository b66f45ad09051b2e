package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// partBytes is about how large an entry with rows is, and so how much of a table is in memory.
const partBytes = 4 << 20

// mediaTypeRecord is the PAX record with the media type of a blob.
const mediaTypeRecord = "RAGCORP.media-type"

// Writer writes an archive: blobs first, then rows, table by table.
type Writer struct {
	packed *zstd.Encoder
	tar    *tar.Writer
	time   time.Time

	contents Contents
	blobs    *tally
	tables   map[string]*tally
	table    string // whose rows are in the buffer
	part     int    // of that table
	rows     bytes.Buffer
}

// NewWriter begins an archive on w, which it never closes.
func NewWriter(w io.Writer, m Manifest) (*Writer, error) {
	packed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("begin archive: %w", err)
	}
	m.Format, m.Version = Format, Version
	a := &Writer{
		packed: packed, tar: tar.NewWriter(packed), time: m.Time, blobs: newTally(), tables: map[string]*tally{},
		contents: Contents{Tables: map[string]Sum{}, Missing: []string{}, Sequences: map[string]int64{}},
	}
	for _, t := range m.Tables {
		a.tables[t.Name] = newTally()
	}
	return a, a.putJSON("manifest.json", m)
}

// Blob adds a file of the given size.
func (a *Writer) Blob(key, mediaType string, size int64, r io.Reader) error {
	h := a.header("blobs/"+key, size)
	h.PAXRecords = map[string]string{mediaTypeRecord: mediaType}
	if err := a.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s: %w", h.Name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(a.tar, io.TeeReader(io.LimitReader(r, size+1), sum))
	if errors.Is(err, tar.ErrWriteTooLong) || err == nil && n != size {
		return fmt.Errorf("write %s: it doesn't have the %d bytes that it should", h.Name, size)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", h.Name, err)
	}
	a.blobs.blob(key, n, sum)
	return nil
}

// Missing notes that a blob can't be added because it has been removed meanwhile.
func (a *Writer) Missing(key string) { a.contents.Missing = append(a.contents.Missing, key) }

// Row adds a row of a table of the manifest: a JSON list.
func (a *Writer) Row(table string, row []byte) error {
	t := a.tables[table]
	if t == nil {
		return fmt.Errorf("the manifest knows no table %s", table)
	}
	if table != a.table {
		if err := a.flush(); err != nil {
			return err
		}
		a.table, a.part = table, 0
	}
	line := append(bytes.TrimRight(row, "\n"), '\n')
	t.row(line)
	a.rows.Write(line)
	if a.rows.Len() >= partBytes {
		return a.flush()
	}
	return nil
}

func (a *Writer) flush() error {
	if a.rows.Len() == 0 {
		return nil
	}
	a.part++
	err := a.put(fmt.Sprintf("tables/%s/%06d.jsonl", a.table, a.part), a.rows.Bytes())
	a.rows.Reset()
	return err
}

// Close ends the archive and returns what is in it. sequences are those of Contents.
func (a *Writer) Close(sequences map[string]int64) (Contents, error) {
	if err := a.flush(); err != nil {
		return Contents{}, err
	}
	a.contents.Blobs = a.blobs.sum()
	for name, t := range a.tables {
		a.contents.Tables[name] = t.sum()
	}
	if sequences != nil {
		a.contents.Sequences = sequences
	}
	if err := a.putJSON("contents.json", a.contents); err != nil {
		return Contents{}, err
	}
	if err := errors.Join(a.tar.Close(), a.packed.Close()); err != nil {
		return Contents{}, fmt.Errorf("end archive: %w", err)
	}
	return a.contents, nil
}

func (a *Writer) putJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return a.put(name, append(raw, '\n'))
}

func (a *Writer) put(name string, content []byte) error {
	if err := a.tar.WriteHeader(a.header(name, int64(len(content)))); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := a.tar.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (a *Writer) header(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.time.Truncate(time.Second), Format: tar.FormatPAX}
}

// tally counts and hashes. The hash of a table is over its lines, that of the blobs over the key and the hash of each.
type tally struct {
	count, bytes int64
	hash         hash.Hash
}

func newTally() *tally { return &tally{hash: sha256.New()} }

func (t *tally) row(line []byte) {
	t.count++
	t.bytes += int64(len(line))
	_, _ = t.hash.Write(line) // never fails
}

func (t *tally) blob(key string, size int64, sum hash.Hash) {
	t.count++
	t.bytes += size
	_, _ = fmt.Fprintf(t.hash, "%s\n%x\n", key, sum.Sum(nil)) // never fails
}

func (t *tally) sum() Sum {
	return Sum{Count: t.count, Bytes: t.bytes, SHA256: hex.EncodeToString(t.hash.Sum(nil))}
}
