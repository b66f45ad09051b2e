package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// spacesHelp is what all commands about spaces say.
const spacesHelp = `
An embedding space holds the vectors of one model. To change the model while everything goes on, set EMBED_NEXT_URL to the new
one for all programs and restart them: from then on, documents are embedded with both, and searches go on with the old one. Then

  ctl spaces fill --wait   embeds what is stored already, from its text
  ctl spaces use NAME      makes searches look in the new space, all at once; with the old NAME, it rolls that back
  ctl spaces remove NAME   removes the old space, once EMBED_URL names the new model, EMBED_NEXT_URL none, and all is restarted

` + "`ctl spaces`" + ` shows the names.`

func spacesCommand() command {
	return command{
		name: "spaces", summary: "list the embedding spaces, and change the embedding model",
		help: spacesHelp,
		define: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error {
				return p.withApp(ctx, func(app *core.App) error { return listSpaces(ctx, p, app, *asJSON) })
			}
		},
	}
}

// spaceJSON is an embedding space for programs.
type spaceJSON struct {
	Name      string `json:"name"`
	Dimension int    `json:"dimension"`
	Serving   bool   `json:"serving"`
	Embedded  int    `json:"embedded"`
	Missing   int    `json:"missing"`
}

func listSpaces(ctx context.Context, p *process, app *core.App, asJSON bool) error {
	found, err := app.Documents.Spaces(ctx, identity.System)
	if err != nil {
		return err
	}
	list, rows := make([]spaceJSON, len(found)), make([][]string, len(found))
	for i, s := range found {
		list[i] = spaceJSON{s.Name, s.Dimension, s.Serving, s.Chunks - s.Lacking, s.Lacking}
		serving := ""
		if s.Serving {
			serving = "yes"
		}
		rows[i] = []string{s.Name, strconv.Itoa(s.Dimension), serving, strconv.Itoa(s.Chunks - s.Lacking), strconv.Itoa(s.Lacking)}
	}
	if asJSON {
		return printJSON(p.Stdout, map[string]any{"spaces": list})
	}
	return printTable(p.Stdout, []string{"NAME", "DIMENSION", "SERVING", "CHUNKS", "MISSING"}, rows)
}

func spacesFillCommand() command {
	return command{
		name: "spaces fill", summary: "embed stored texts with the models that lack them",
		help: `
Gives workers the work to embed, from stored text, every chunk that lacks a vector of EMBED_URL's or EMBED_NEXT_URL's model. Workspaces
take turns with uploads, each batch is a checkpoint, and the limits of the model hold. It may be interrupted and repeated.`,
		define: func(f *flag.FlagSet) action {
			wait := f.Bool("wait", false, "lend a hand, tell how far it is, and end when all is done")
			return func(ctx context.Context, p *process, _ []string) error {
				return p.withApp(ctx, func(app *core.App) error { return fillSpaces(ctx, p, app, *wait) })
			}
		},
	}
}

func fillSpaces(ctx context.Context, p *process, app *core.App, wait bool) error {
	started, err := app.Documents.StartFilling(ctx, identity.System)
	if err != nil {
		return err
	}
	for _, s := range started {
		if _, err := fmt.Fprintf(p.Stdout, "%s: %d chunks of %d workspaces are missing\n", oneLine(s.Space.Name), s.Chunks, s.Workspaces); err != nil {
			return err
		}
	}
	if !wait {
		return nil
	}
	group, grouped := errgroup.WithContext(ctx)
	working, stop := context.WithCancel(grouped)
	group.Go(func() error { return (&folderSink{app: app, workers: 1}).work(working) })
	group.Go(func() error {
		defer stop()
		return watchFilling(grouped, p, app)
	})
	return group.Wait()
}

// watchFilling tells now and then how much is missing, until nothing is or the filling was given up.
func watchFilling(ctx context.Context, p *process, app *core.App) error {
	for last := -1; ; {
		open, err := app.Backlog(ctx, identity.System)
		if err != nil {
			return err
		}
		filling := false
		for _, s := range open {
			if s.Topic == document.TopicFill && s.State == event.Dead {
				return errors.New("the filling was given up; `ctl jobs list --state dead` says why")
			}
			filling = filling || s.Topic == document.TopicFill
		}
		list, err := app.Documents.Spaces(ctx, identity.System)
		if err != nil {
			return err
		}
		missing := 0
		for _, s := range list {
			missing += s.Lacking
		}
		if missing != last {
			last = missing
			if _, err := fmt.Fprintf(p.Stdout, "%d chunks are missing\n", missing); err != nil {
				return err
			}
		}
		if !filling {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

func spacesUseCommand() command {
	return command{
		name: "spaces use", args: "NAME", summary: "make searches look in this embedding space", help: spacesHelp,
		define: func(*flag.FlagSet) action {
			return func(ctx context.Context, p *process, rest []string) error {
				name, err := oneSpace(rest)
				if err != nil {
					return err
				}
				return p.withApp(ctx, func(app *core.App) error {
					if err := app.Documents.UseSpace(ctx, identity.System, name); err != nil {
						return err
					}
					_, err := fmt.Fprintf(p.Stdout, "Searches look in %s.\n", oneLine(name))
					return err
				})
			}
		},
	}
}

func spacesRemoveCommand() command {
	return command{
		name: "spaces remove", args: "NAME", summary: "remove an embedding space that searches don't need", help: spacesHelp,
		define: func(*flag.FlagSet) action {
			return func(ctx context.Context, p *process, rest []string) error {
				name, err := oneSpace(rest)
				if err != nil {
					return err
				}
				return p.withApp(ctx, func(app *core.App) error {
					n, err := app.Documents.RemoveSpace(ctx, identity.System, name)
					if err != nil {
						return err
					}
					_, err = fmt.Fprintf(p.Stdout, "%s is removed, with %d vectors.\n", oneLine(name), n)
					return err
				})
			}
		},
	}
}

func oneSpace(rest []string) (string, error) {
	if len(rest) != 1 {
		return "", usageError{"give the name of one space, as `ctl spaces` shows it"}
	}
	return rest[0], nil
}
