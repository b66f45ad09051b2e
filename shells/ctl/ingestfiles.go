package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// localFile is a file to ingest.
type localFile struct {
	path string // to open it
	rel  string // below the root, with slashes
	size int64
}

// found is what the paths of a command stand for.
type found struct {
	root   string
	list   []localFile // by rel, each once
	unread []string    // folders and files that could not be looked at, with the reason
}

func (in *ingesting) checkPatterns() error {
	for _, p := range slices.Concat(in.include, in.exclude) {
		if !doublestar.ValidatePattern(p) {
			return usageError{fmt.Sprintf("%q is no valid pattern", p)}
		}
	}
	return nil
}

// find looks for files. An error is about the arguments; what can't be read is entry.
func (in *ingesting) find(paths []string) (found, error) {
	root, err := in.rootOf(paths)
	if err != nil {
		return found{}, err
	}
	w := walker{ingesting: in, found: found{root: root}, seen: map[string]bool{}}
	for _, p := range paths {
		matches := []string{p}
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			if matches, err = doublestar.FilepathGlob(p); err != nil || len(matches) == 0 {
				return found{}, fmt.Errorf("%q is no file, no folder and no pattern that anything matches", p)
			}
		}
		for _, m := range matches {
			if err := w.walk(m); err != nil {
				return found{}, err
			}
		}
	}
	slices.SortFunc(w.list, func(a, b localFile) int { return strings.Compare(a.rel, b.rel) })
	return w.found, nil
}

// rootOf is the absolute path of the folder below which paths name documents.
func (in *ingesting) rootOf(paths []string) (string, error) {
	root := in.root
	if info, err := os.Stat(paths[0]); root == "" && len(paths) == 1 && err == nil {
		root = paths[0]
		if !info.IsDir() {
			root = filepath.Dir(root)
		}
	}
	if in.prune {
		if info, err := os.Stat(paths[0]); err != nil || !info.IsDir() {
			return "", usageError{"--prune needs a folder"}
		}
	}
	return filepath.Abs(root)
}

type walker struct {
	*ingesting
	found

	seen map[string]bool
}

// walk takes a file, or all that is in a folder.
func (w *walker) walk(start string) error {
	abs, err := filepath.Abs(start)
	if err != nil {
		return err
	}
	return filepath.WalkDir(abs, func(at string, e fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(w.found.root, at)
		if rerr != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fmt.Errorf("%s is not below the root %s; say --root", at, w.found.root)
		}
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil:
			w.unread = append(w.unread, rel+": "+reasonOf(err))
			return nil
		case rel != "." && at != abs && !w.hidden && strings.HasPrefix(e.Name(), "."), rel != "." && matches(w.exclude, rel):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular(), len(w.include) > 0 && !matches(w.include, rel), w.seen[rel]:
			return nil
		}
		info, err := e.Info()
		if err != nil {
			w.unread = append(w.unread, rel+": "+reasonOf(err))
			return nil
		}
		w.seen[rel] = true
		w.list = append(w.list, localFile{path: at, rel: rel, size: info.Size()})
		return nil
	})
}

// matches reports whether any of the patterns matches a path: those without a slash by its last name alone.
func matches(patterns []string, rel string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if !strings.Contains(p, "/") {
			return doublestar.MatchUnvalidated(p, path.Base(rel))
		}
		return doublestar.MatchUnvalidated(strings.TrimSuffix(p, "/"), rel)
	})
}

// reasonOf is an error of the file system without the path, which stands beside it.
func reasonOf(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// gone reports whether the file of a document is no longer there. One that can't be looked at counts as there.
func (f found) gone(rel string) bool {
	if !filepath.IsLocal(filepath.FromSlash(rel)) {
		return false // no path that ingesting a folder could have given
	}
	_, err := os.Lstat(filepath.Join(f.root, filepath.FromSlash(rel)))
	return errors.Is(err, fs.ErrNotExist)
}
