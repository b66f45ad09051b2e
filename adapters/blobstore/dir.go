package blobstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/ragcorp/ragcorp/core/fault"
)

const (
	// suffix ends the name of every stored file. It can't occur in a key, so the keys "a" and "a/b" don't collide, and
	// whatever else lies in the folder is left alone.
	suffix = ".blob"
	// unfinished is where files are written before they get their name. It is inside the folder because only within one
	// file system is renaming atomic.
	unfinished = ".unfinished"
)

// dir keeps blobs as files below a folder, which os.Root does not let it leave.
type dir struct {
	root *os.Root
	sync bool
}

var _ Backend = (*dir)(nil)

// Dir opens a folder and makes it if needed. When Put returns, the bytes and their name are on the disk and survive a
// power cut. Several processes may share a folder. The caller closes the Store.
func Dir(path string) (*Store, error) { return openDir(path, true) }

// UnsyncedDir is like Dir but leaves it to the operating system when to write to the disk: Put is faster, and what was put
// in the last seconds before a power cut may be lost. It is for tests and for files that can be had again.
func UnsyncedDir(path string) (*Store, error) { return openDir(path, false) }

func openDir(path string, sync bool) (*Store, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder for blobs: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder for blobs: %w", err)
	}
	if err := root.MkdirAll(unfinished, 0o750); err != nil {
		return nil, errors.Join(fmt.Errorf("make the folder for unfinished blobs: %w", err), root.Close())
	}
	return &Store{&dir{root: root, sync: sync}}, nil
}

func (d *dir) Create(_ context.Context, key, _ string) (Writer, error) {
	temp := unfinished + "/" + rand.Text()
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrNotExist) { // somebody tidied up too much
		if err = d.root.MkdirAll(unfinished, 0o750); err == nil {
			f, err = d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
		}
	}
	if err != nil {
		return nil, diskFault(err)
	}
	return &dirWriter{dir: d, file: f, temp: temp, name: key + suffix}, nil
}

func (d *dir) Open(_ context.Context, key string) (io.ReadCloser, error) {
	f, err := d.root.Open(key + suffix)
	if err != nil && missing(err) {
		return nil, fault.NotFound.Wrap(err, "there is no such stored file")
	}
	if err != nil {
		return nil, diskFault(err)
	}
	return f, nil
}

// remove does not flush: when a power cut brings a deleted file back, Stale lists it again.
func (d *dir) Remove(_ context.Context, key string) error {
	if err := d.root.Remove(key + suffix); err != nil && !missing(err) {
		return diskFault(err)
	}
	return nil
}

// Ping reports whether the folder is still there. That it can be written to shows only when it is.
func (d *dir) Ping(context.Context) error {
	if _, err := d.root.Stat(unfinished); err != nil && !missing(err) {
		return diskFault(err)
	}
	if _, err := d.root.Stat("."); err != nil {
		return diskFault(err)
	}
	return nil
}

func (d *dir) Close() error { return d.root.Close() }

// missing reports whether there is no such file, be it that a folder on the way to it is missing or is a file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// diskFault says what trouble with the file system means to a caller. The text names no path.
func diskFault(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Unavailable.Wrap(err, "there is no space left for files").Because("storage_full")
	}
	return fault.Unavailable.Wrap(err, "the file store does not work at the moment")
}
