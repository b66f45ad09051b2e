package blobstore

import (
	"errors"
	"os"
	"path"
	"runtime"
	"syscall"
)

// dirWriter is a file that is being written.
type dirWriter struct {
	dir  *dir
	file *os.File
	temp string
	name string
	done bool
}

// Write implements io.Writer.
func (w *dirWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		return n, diskFault(err)
	}
	return n, nil
}

func (w *dirWriter) Commit() error {
	if err := w.publish(); err != nil {
		return diskFault(err)
	}
	w.done = true
	return nil
}

// publish gives the file its name. When flushing the name fails it is taken back, since Put must leave nothing then.
func (w *dirWriter) publish() error {
	if w.dir.sync {
		if err := w.file.Sync(); err != nil {
			return err
		}
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	folder := path.Dir(w.name)
	if err := w.dir.root.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := w.dir.root.Rename(w.temp, w.name); err != nil || !w.dir.sync {
		return err
	}
	if err := w.dir.syncTree(folder); err != nil {
		return errors.Join(err, w.dir.root.Remove(w.name))
	}
	return nil
}

// discard removes what was written. Errors don't matter: what stays is invisible and Stale removes it later.
func (w *dirWriter) Discard() {
	if w.done {
		return
	}
	_ = w.file.Close()
	_ = w.dir.root.Remove(w.temp)
}

// syncTree flushes a folder and those above it, so that the names in them last. It always does the whole way up: another
// writer may have made a folder on it a moment ago without having flushed that yet.
func (d *dir) syncTree(folder string) error {
	for ; ; folder = path.Dir(folder) {
		if err := d.syncFolder(folder); err != nil || folder == "." {
			return err
		}
	}
}

func (d *dir) syncFolder(folder string) error {
	if runtime.GOOS == "windows" { // keeps names durable by itself and refuses to flush folders
		return nil
	}
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	// Some network file systems can't flush folders and say so with these errors.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
