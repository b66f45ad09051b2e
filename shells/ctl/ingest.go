package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
)

// ingesting is what `ctl ingest` was asked for.
type ingesting struct {
	workspace   string
	create      bool
	server      string
	root        string
	prefix      string
	include     []string
	exclude     []string
	hidden      bool
	dryRun      bool
	prune       bool
	pruneMax    int // per cent
	concurrency int
	noWait      bool
	asJSON      bool
}

func ingestCommand() command {
	return command{
		name: "ingest", args: "PATH...", summary: "bring files and folders into a workspace, and bring it up to date later",
		help: `
A PATH is a file, a folder with all that is in it, or a pattern such as 'docs/**/*.md'. Files and folders whose names begin with a
dot are left out, and so are links. A document is known by its path below the root, so the same command again uploads what is
new, replaces what has changed, and passes over everything else: after an interruption, run it again.

Without --server it works on the installation of the configuration, and processes the documents itself. With --server it uploads
to a running one, with the API key in the variable RAGCORP_API_KEY.

Patterns without a slash are about names, others about paths below the root; * stands for part of a name, ** for folders.
Types that are not handled are passed over. The exit code is 1 when anything else went wrong.`,
		define: func(f *flag.FlagSet) action {
			var in ingesting
			f.StringVar(&in.workspace, "workspace", "", "`NAME` or id of the workspace")
			f.BoolVar(&in.create, "create", false, "make the workspace if there is none of that name")
			f.StringVar(&in.server, "server", "", "`URL` of a running server")
			f.StringVar(&in.root, "root", "", "`FOLDER` below which paths name documents (default: the one folder, or that of the one file, that is given, else the current one)")
			f.StringVar(&in.prefix, "prefix", "", "`TEXT` before the paths, to tell several roots in a workspace apart")
			f.Func("include", "`PATTERN` of files to take; may be repeated; none: all", listFlag(&in.include))
			f.Func("exclude", "`PATTERN` of files and folders to leave out; may be repeated", listFlag(&in.exclude))
			f.BoolVar(&in.hidden, "hidden", false, "take what begins with a dot, too")
			f.BoolVar(&in.dryRun, "dry-run", false, "only say what would be done")
			f.BoolVar(&in.prune, "prune", false, "delete documents whose files are gone; needs exactly one PATH, the root")
			f.IntVar(&in.pruneMax, "prune-max", 25, "refuse to delete more than so many `PERCENT` of the documents")
			f.IntVar(&in.concurrency, "concurrency", max(2, runtime.NumCPU()), "how many uploads, and without --server also how much work, at once: `N`")
			f.BoolVar(&in.noWait, "no-wait", false, "don't wait until the documents are processed")
			f.BoolVar(&in.asJSON, "json", false, "print the summary as JSON")
			return in.run
		},
	}
}

// listFlag collects the values of a flag that may be repeated.
func listFlag(list *[]string) func(string) error {
	return func(s string) error {
		if s == "" {
			return errors.New("is empty")
		}
		*list = append(*list, s)
		return nil
	}
}

func (in *ingesting) run(ctx context.Context, p *process, paths []string) error {
	if err := in.check(paths); err != nil {
		return err
	}
	files, err := in.find(paths)
	if err != nil {
		return err
	}
	if in.server != "" {
		s, err := newServerSink(in.server, p.Env["RAGCORP_API_KEY"])
		if err != nil {
			return err
		}
		return in.into(ctx, p, s, files)
	}
	return p.withApp(ctx, func(app *core.App) error {
		return in.into(ctx, p, &folderSink{app: app, workers: in.concurrency}, files)
	})
}

func (in *ingesting) check(paths []string) error {
	switch {
	case len(paths) == 0:
		return usageError{"a PATH is missing"}
	case in.workspace == "":
		return usageError{"--workspace is needed"}
	case in.concurrency < 1 || in.concurrency > 64:
		return usageError{"--concurrency must be from 1 to 64"}
	case in.pruneMax < 0 || in.pruneMax > 100:
		return usageError{"--prune-max must be from 0 to 100"}
	case in.prune && (len(paths) != 1 || in.root != "" && in.root != paths[0]):
		return usageError{"--prune needs exactly one PATH, the root"}
	}
	return in.checkPatterns()
}

// into brings the files into a sink and tells what came of it.
func (in *ingesting) into(ctx context.Context, p *process, s sink, files found) error {
	if err := s.open(ctx, in.workspace, in.create && !in.dryRun); err != nil {
		return err
	}
	if s.id() == uuid.Nil && !(in.dryRun && in.create) {
		return fmt.Errorf("there is no workspace %q; --create makes it", in.workspace)
	}
	known, err := in.known(ctx, s)
	if err != nil {
		return err
	}
	t := newTally(p.Stderr, len(files.list))
	t.unread(files.unread)
	b := &bringing{ingesting: in, sink: s, known: known, tally: t}
	err = b.bring(ctx, files.list)
	if err == nil && in.prune {
		err = b.prune(ctx, files)
	}
	if err == nil && !in.noWait && !in.dryRun {
		err = b.await(ctx)
	}
	t.close()
	if perr := t.print(p.Stdout, in); err == nil {
		err = perr
	}
	if n := t.count[outcomeFailed]; err == nil && n > 0 {
		err = fmt.Errorf("%d of %d files failed", n, len(files.list))
	}
	return err
}

// known lists the documents that may be those of files, by external id.
func (in *ingesting) known(ctx context.Context, s sink) (map[string]entry, error) {
	out := map[string]entry{}
	if s.id() == uuid.Nil {
		return out, nil
	}
	return out, each(ctx, s, "", func(d entry) {
		if d.external != "" && strings.HasPrefix(d.external, in.prefix) {
			out[d.external] = d
		}
	})
}

// name is the external id of the document of a file.
func (in *ingesting) name(rel string) string { return in.prefix + rel }

// rel is the path below the root of the file with an external id.
func (in *ingesting) rel(name string) string { return strings.TrimPrefix(name, in.prefix) }
