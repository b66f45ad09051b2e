package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

func jobsListCommand() command {
	return command{
		name: "jobs list", summary: "list background work, newest first",
		define: func(f *flag.FlagSet) action {
			state := f.String("state", "", "`STATE`: only work that is pending, leased, done or dead")
			topic := f.String("topic", "", "`TOPIC`: only work on it, such as document.ingest")
			limit := f.Int("limit", 50, "`N`: at most so many")
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error {
				filter := event.Filter{State: event.State(*state), Topic: *topic, Limit: *limit}
				switch filter.State {
				case "", event.Pending, event.Leased, event.Done, event.Dead:
				default:
					return usageError{"--state must be pending, leased, done or dead"}
				}
				if *limit < 1 {
					return usageError{"--limit must be at least 1"}
				}
				return p.withApp(ctx, func(app *core.App) error { return listJobs(ctx, p, app, filter, *asJSON) })
			}
		},
	}
}

// jobJSON is a delivery for programs.
type jobJSON struct {
	ID          uuid.UUID  `json:"id"`
	Event       string     `json:"event"`
	Topic       string     `json:"topic"`
	State       string     `json:"state"`
	WorkspaceID *uuid.UUID `json:"workspace_id"`
	Subject     string     `json:"subject"`
	Attempts    int        `json:"attempts"`
	Failures    int        `json:"failures"`
	CreatedAt   *string    `json:"created_at"`
	AvailableAt *string    `json:"available_at"`
	Error       string     `json:"error"`
}

func listJobs(ctx context.Context, p *process, app *core.App, filter event.Filter, asJSON bool) error {
	found, err := app.Jobs(ctx, identity.System, filter)
	if err != nil {
		return err
	}
	list, rows := make([]jobJSON, len(found)), make([][]string, len(found))
	for i, d := range found {
		list[i] = jobJSON{
			ID: d.Event.ID, Event: d.Event.Name, Topic: d.Event.Topic, State: string(d.State), Subject: d.Event.Subject,
			Attempts: d.Attempts, Failures: d.Failures, CreatedAt: momentOrNull(d.Event.Time), AvailableAt: momentOrNull(d.AvailableAt),
			Error: d.Error,
		}
		if d.Event.Workspace != uuid.Nil {
			list[i].WorkspaceID = &d.Event.Workspace
		}
		rows[i] = []string{
			d.Event.ID.String(), string(d.State), d.Event.Topic, d.Event.Subject, strconv.Itoa(d.Attempts), strconv.Itoa(d.Failures),
			moment(d.Event.Time), moment(d.AvailableAt), d.Error,
		}
	}
	if asJSON {
		return printJSON(p.Stdout, map[string]any{"jobs": list})
	}
	return printTable(p.Stdout, []string{"ID", "STATE", "TOPIC", "SUBJECT", "ATTEMPTS", "FAILURES", "CREATED", "DUE", "ERROR"}, rows)
}

func jobsReplayCommand() command {
	return command{
		name: "jobs replay", summary: "try dead work again, now and with all its tries",
		help: "Without a flag, all dead work is tried again. Whatever made it fail should be mended first.",
		define: func(f *flag.FlagSet) action {
			filter := deadFlags(f)
			return func(ctx context.Context, p *process, _ []string) error {
				return settleDead(ctx, p, *filter, "due again", (*core.App).Replay)
			}
		},
	}
}

func jobsDiscardCommand() command {
	return command{
		name: "jobs discard", summary: "give dead work up for good",
		define: func(f *flag.FlagSet) action {
			filter := deadFlags(f)
			all := f.Bool("all", false, "give all dead work up")
			return func(ctx context.Context, p *process, _ []string) error {
				if len(filter.IDs) == 0 && filter.Topic == "" && !*all {
					return usageError{"say which with --id or --topic, or give --all"}
				}
				return settleDead(ctx, p, *filter, "given up", (*core.App).Discard)
			}
		},
	}
}

// deadFlags defines the flags that choose dead work.
func deadFlags(f *flag.FlagSet) *event.Filter {
	filter := &event.Filter{}
	idsFlag(f, &filter.IDs, "id", "`ID` of the work, as `jobs list` shows it; several with commas, or the flag repeated")
	f.StringVar(&filter.Topic, "topic", "", "`TOPIC`: only work on it")
	return filter
}

func settleDead(
	ctx context.Context, p *process, filter event.Filter, became string,
	do func(*core.App, context.Context, identity.Actor, event.Filter) (int, error),
) error {
	return p.withApp(ctx, func(app *core.App) error {
		n, err := do(app, ctx, identity.System, filter)
		if err != nil {
			return err
		}
		if n == 0 && len(filter.IDs) > 0 {
			return errors.New("no dead work has such an id")
		}
		_, err = fmt.Fprintf(p.Stdout, "%d %s\n", n, became)
		return err
	})
}
