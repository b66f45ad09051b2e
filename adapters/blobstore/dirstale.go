package blobstore

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// keyOf returns the key of a stored file by its path below the folder, and whether it is one.
func keyOf(name string) (string, bool) {
	key, ok := strings.CutSuffix(name, suffix)
	return key, ok && checkKey(key) == nil
}

// stale walks the folder in the order of names. Folders that no key leads to, such as lost+found, are passed over.
func (d *dir) Stale(ctx context.Context, before time.Time, yield func(key string) error) error {
	if err := d.tidy(ctx, before); err != nil {
		return err
	}
	return fs.WalkDir(d.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("list blobs: %w", ctx.Err())
		case name == "." && err == nil:
			return nil
		case missing(err): // deleted while we walk
			return nil
		case err != nil:
			return diskFault(err)
		case entry.IsDir() && !validSegment(entry.Name()):
			return fs.SkipDir
		}
		key, ok := keyOf(name)
		if !ok || entry.IsDir() || !older(entry, before) {
			return nil
		}
		return yield(key)
	})
}

// tidy removes what crashed writers left. A file that is still being written is younger, since writing touches it.
func (d *dir) tidy(ctx context.Context, before time.Time) error {
	entries, err := fs.ReadDir(d.root.FS(), unfinished)
	if err != nil && !missing(err) {
		return diskFault(err)
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return fmt.Errorf("tidy up blobs: %w", ctx.Err())
		}
		if !older(e, before) {
			continue
		}
		if err := d.root.Remove(unfinished + "/" + e.Name()); err != nil && !missing(err) {
			return diskFault(err)
		}
	}
	return nil
}

// older reports whether a file was last written before the time. One that is gone by now was not.
func older(e fs.DirEntry, before time.Time) bool {
	info, err := e.Info()
	return err == nil && info.ModTime().Before(before)
}
