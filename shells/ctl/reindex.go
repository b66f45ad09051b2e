package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func reindexCommand() command {
	return command{
		name: "reindex", summary: "make the index of words anew from the stored texts",
		help: `
Analyses the stored texts of all workspaces, or of one, anew, by the titles that documents have now, and puts the result into
the place of the index, part by part. The programs go on working meanwhile, searches included; vectors stay as they are. It
may be interrupted and repeated.`,
		define: func(f *flag.FlagSet) action {
			only := f.String("workspace", "", "`ID`: only this workspace")
			return func(ctx context.Context, p *process, _ []string) error {
				var id workspace.ID
				if *only != "" {
					var err error
					if id, err = uuid.Parse(*only); err != nil {
						return usageError{"--workspace must be an id"}
					}
				}
				return p.withApp(ctx, func(app *core.App) error { return reindex(ctx, p, app, id) })
			}
		},
	}
}

func reindex(ctx context.Context, p *process, app *core.App, only workspace.ID) error {
	one := func(id workspace.ID) error {
		chunks, err := app.Documents.Reindex(ctx, identity.System, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Stdout, "%s: %d chunks\n", id, chunks)
		return err
	}
	if only != uuid.Nil {
		return one(only)
	}
	for page := (workspace.Filter{Archived: true, Limit: 100}); ; {
		list, err := app.Workspaces.List(ctx, identity.System, page)
		if err != nil {
			return err
		}
		var errs []error
		for _, ws := range list {
			errs = append(errs, one(ws.ID))
		}
		if err := errors.Join(errs...); err != nil || len(list) < page.Limit {
			return err
		}
		last := list[len(list)-1]
		page.After = workspace.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}
