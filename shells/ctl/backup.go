package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/archive"
	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
)

func backupCommand() command {
	return command{
		name: "backup", args: "FILE", summary: "write the database and the files of documents to one archive",
		help: `
Writes every row, embeddings and the search index included, and the originals of all documents to one archive, for
` + "`ctl restore`" + ` on this or on another kind of database and blob store. FILE must not exist; - is standard output. Everything
in it is of one moment; the programs may go on working meanwhile. The originals of documents that are deleted while the
backup runs may be missing in it: they are counted.

The archive holds all documents, hashes of passwords and hashes of keys: keep it as safe as the database. What stands in
the environment, or in secret.key in DATA_DIR, is not in it.`,
		define: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, rest []string) error {
				name, err := oneFile(rest)
				if err != nil {
					return err
				}
				if name == "-" {
					_, err := backup(ctx, p, p.Stdout)
					return err
				}
				done, err := backupToFile(ctx, p, name)
				if err != nil {
					return err
				}
				return printContents(p.Stdout, "written", done, *asJSON)
			}
		},
	}
}

func restoreCommand() command {
	return command{
		name: "restore", args: "FILE", summary: "fill an empty database and the blob store from an archive",
		help: `
Takes in what ` + "`ctl backup`" + ` wrote, from FILE or, with -, from standard input. The database must be empty: a new one, in which
nobody has signed in yet. Rows become visible all at once, after the whole archive was read and found complete. When a
restore fails or is interrupted, the database is as empty as before, and the command can be repeated; files that it had
stored already belong to nothing until then and are swept away after a day.`,
		define: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, rest []string) error {
				name, err := oneFile(rest)
				if err != nil {
					return err
				}
				done, err := restore(ctx, p, name)
				if err != nil {
					return err
				}
				return printContents(p.Stdout, "restored", done, *asJSON)
			}
		},
	}
}

func oneFile(rest []string) (string, error) {
	if len(rest) != 1 {
		return "", usageError{"name one file, or - for the standard stream"}
	}
	return rest[0], nil
}

// withStores runs do over the database and the blob store that the configuration names.
func (p *process) withStores(ctx context.Context, do func(*sqlstore.Store, *blobstore.Store) error) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	store, closeStore, err := adapters.OpenStore(ctx, c)
	if err != nil {
		return err
	}
	defer closeStore()
	blobs, closeBlobs, err := adapters.OpenBlobs(ctx, c)
	if err != nil {
		return err
	}
	defer closeBlobs()
	return do(store, blobs)
}

func backup(ctx context.Context, p *process, w io.Writer) (done archive.Contents, err error) {
	err = p.withStores(ctx, func(store *sqlstore.Store, blobs *blobstore.Store) error {
		done, err = adapters.Backup(ctx, store, blobs, w)
		return err
	})
	return done, err
}

// backupToFile gives the archive its name when it is complete and on the disk.
func backupToFile(ctx context.Context, p *process, name string) (done archive.Contents, err error) {
	if _, err := os.Lstat(name); err == nil {
		return done, fmt.Errorf("%s is there already", name)
	}
	partial := name + ".partial"
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator's own
	if err != nil {
		return done, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	done, err = backup(ctx, p, file)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return done, err
	}
	return done, os.Rename(partial, name)
}

func restore(ctx context.Context, p *process, name string) (done archive.Contents, err error) {
	in := p.Stdin
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the operator's own
		if err != nil {
			return done, err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	err = p.withStores(ctx, func(store *sqlstore.Store, blobs *blobstore.Store) error {
		done, err = adapters.Restore(ctx, store, blobs, in)
		return err
	})
	return done, err
}

func printContents(w io.Writer, verb string, c archive.Contents, asJSON bool) error {
	if asJSON {
		return printJSON(w, c)
	}
	rows := [][]string{}
	for _, t := range slices.Sorted(maps.Keys(c.Tables)) {
		rows = append(rows, []string{t, strconv.FormatInt(c.Tables[t].Count, 10), strconv.FormatInt(c.Tables[t].Bytes, 10)})
	}
	rows = append(rows, []string{"files", strconv.FormatInt(c.Blobs.Count, 10), strconv.FormatInt(c.Blobs.Bytes, 10)})
	if err := printTable(w, []string{"WHAT", "COUNT", "BYTES"}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "Everything was %s.\n", verb)
	if n := len(c.Missing); n > 0 && err == nil {
		_, err = fmt.Fprintf(w, "%d files were removed while the backup ran and are missing.\n", n)
	}
	return err
}
