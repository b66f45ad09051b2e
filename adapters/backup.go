package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/adapters/archive"
	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Backup writes everything that the database holds, and the files that it refers to, to one archive. Everything is of one
// moment, also while the programs work: rows are read in one transaction, and a file never changes under its key.
func Backup(ctx context.Context, store *sqlstore.Store, blobs *blobstore.Store, w io.Writer) (archive.Contents, error) {
	var done archive.Contents
	err := store.Export(ctx, func(ctx context.Context, x *sqlstore.Snapshot) error {
		a, err := archive.NewWriter(w, manifest(x))
		if err != nil {
			return err
		}
		err = x.Files(ctx, func(f sqlstore.StoredFile) error { return backupFile(ctx, a, blobs, f) })
		if err != nil {
			return err
		}
		for _, t := range x.Tables() {
			if err := x.Rows(ctx, t, func(row []byte) error { return a.Row(t.Name, row) }); err != nil {
				return err
			}
		}
		sequences, err := x.Sequences(ctx)
		if err != nil {
			return err
		}
		done, err = a.Close(sequences)
		return err
	})
	if err != nil {
		return archive.Contents{}, fmt.Errorf("backup: %w", err)
	}
	return done, nil
}

func manifest(x *sqlstore.Snapshot) archive.Manifest {
	m := archive.Manifest{Time: time.Now().UTC(), Program: ops.Version(), Source: x.Database()}
	for _, t := range x.Tables() {
		table := archive.Table{Name: t.Name}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, archive.Column{Name: c.Name, Kind: string(c.Kind)})
		}
		m.Tables = append(m.Tables, table)
	}
	return m
}

// backupFile copies a file into the archive. One that is gone belonged to a document that has been deleted, or was deleted
// while the backup ran.
func backupFile(ctx context.Context, a *archive.Writer, blobs *blobstore.Store, f sqlstore.StoredFile) (err error) {
	r, err := blobs.Open(ctx, f.Key)
	if errors.Is(err, fault.NotFound) {
		if !f.Deleted {
			a.Missing(f.Key)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("file %s: %w", f.Key, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return a.Blob(f.Key, f.MediaType, f.Size, r)
}

// Restore fills an empty database, and the blob store, from an archive. The rows become visible all at once, after the whole
// archive was read and found to be complete; before that the database stays empty, whatever happens. fault.Conflict when it
// isn't empty, archive.ErrDamaged when the archive can't be trusted.
func Restore(ctx context.Context, store *sqlstore.Store, blobs *blobstore.Store, r io.Reader) (archive.Contents, error) {
	if err := store.Empty(ctx); err != nil {
		return archive.Contents{}, fmt.Errorf("restore: %w", err)
	}
	a, err := archive.NewReader(r)
	if err != nil {
		return archive.Contents{}, fmt.Errorf("restore: %w", err)
	}
	defer a.Close()
	err = a.Blobs(func(key, mediaType string, r io.Reader) error {
		_, err := blobs.Put(ctx, key, mediaType, r)
		return err
	})
	if err != nil {
		return archive.Contents{}, fmt.Errorf("restore: %w", err)
	}
	var done archive.Contents
	err = store.Import(ctx, func(ctx context.Context, in *sqlstore.Loading) error {
		tables := portableTables(a.Manifest())
		if err := a.Rows(func(table string, row []byte) error { return in.Row(ctx, tables[table], row) }); err != nil {
			return err
		}
		if done, err = a.Contents(); err != nil {
			return err
		}
		return in.Finish(ctx, done.Sequences)
	})
	if err != nil {
		return archive.Contents{}, fmt.Errorf("restore: %w", err)
	}
	return done, nil
}

// portableTables are the tables of an archive by their names.
func portableTables(m archive.Manifest) map[string]sqlstore.PortableTable {
	out := make(map[string]sqlstore.PortableTable, len(m.Tables))
	for _, t := range m.Tables {
		p := sqlstore.PortableTable{Name: t.Name}
		for _, c := range t.Columns {
			p.Columns = append(p.Columns, sqlstore.PortableColumn{Name: c.Name, Kind: sqlstore.PortableKind(c.Kind)})
		}
		out[t.Name] = p
	}
	return out
}
