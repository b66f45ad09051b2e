package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/fault"
)

func migrateCommand() command {
	return command{
		name: "migrate", summary: "bring the schema of the database up to date",
		help: `
Compares the database that DATABASE_URL names with the schema that this program was built with, shows the statements that
it takes, and executes them in one transaction. What would destroy data is refused unless --allow-destructive is given. With --bucket, the
bucket for files is made as well, should BLOB_URL name one that isn't there.`,
		define: func(f *flag.FlagSet) action {
			var o sqlstore.ApplyOptions
			f.BoolVar(&o.DryRun, "dry-run", false, "only show the statements")
			f.BoolVar(&o.Destructive, "allow-destructive", false, "also drop tables and columns that the schema no longer has")
			bucket := f.Bool("bucket", false, "also make the bucket on S3 if there is none")
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error {
				if *bucket && !o.DryRun {
					if err := makeBucket(ctx, p); err != nil {
						return err
					}
				}
				return migrate(ctx, p, o, *asJSON)
			}
		},
	}
}

func makeBucket(ctx context.Context, p *process) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	return adapters.MakeBucket(ctx, c)
}

func migrate(ctx context.Context, p *process, o sqlstore.ApplyOptions, asJSON bool) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	store, closeStore, err := adapters.OpenUnchecked(ctx, c)
	if err != nil {
		return err
	}
	defer closeStore()
	began := time.Now()
	plan, err := store.Apply(ctx, o)
	if errors.Is(err, fault.Conflict) {
		return fmt.Errorf("%w; nothing was changed. Make a backup, then give --allow-destructive", err)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(p.Stdout, map[string]any{
			"statements": append([]string{}, plan.Statements...), "applied": !o.DryRun && len(plan.Statements) > 0,
		})
	}
	return printPlan(p.Stdout, plan, o.DryRun, time.Since(began))
}

func printPlan(w io.Writer, plan sqlstore.Plan, dry bool, took time.Duration) error {
	for _, s := range plan.Statements {
		fmt.Fprintf(w, "%s;\n", s)
	}
	var err error
	switch n := len(plan.Statements); {
	case n == 0:
		_, err = fmt.Fprintln(w, "The schema is up to date.")
	case dry:
		_, err = fmt.Fprintf(w, "-- %d statements are to be executed; nothing was changed.\n", n)
	default:
		_, err = fmt.Fprintf(w, "-- %d statements were executed in %v.\n", n, took.Round(time.Millisecond))
	}
	return err
}
