package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/identity"
)

func keysCreateCommand() command {
	names := make([]string, 0, len(identity.Permissions()))
	for _, p := range identity.Permissions() {
		names = append(names, string(p))
	}
	return command{
		name: "keys create", summary: "create an API key",
		help: `
The key is printed once and can't be had again: only a hash of it is kept. Programs send it in the header X-API-Key.

Permissions: ` + strings.Join(names, ", ") + `; the last one is all of them.`,
		define: func(f *flag.FlagSet) action {
			var d identity.KeyDraft
			f.StringVar(&d.Name, "name", "", "`NAME`, by which people know the key")
			f.Func("permission", "`PERMISSION` of the key; several with commas, or the flag repeated", func(s string) error {
				for name := range strings.SplitSeq(s, ",") {
					d.Permissions = append(d.Permissions, identity.Permission(strings.TrimSpace(name)))
				}
				return nil
			})
			idsFlag(f, &d.Workspaces, "workspace", "`ID` of a workspace that the key is limited to; may be repeated; none: no limit")
			expires := f.String("expires", "", "`WHEN` the key ends: 2030-01-31, 2030-01-31T12:00:00Z, or from now on 720h; not given: never")
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error {
				var err error
				if d.ExpiresAt, err = expiry(*expires, time.Now()); err != nil {
					return err
				}
				return createKey(ctx, p, d, *asJSON)
			}
		},
	}
}

// expiry reads a time or a span from now.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{"--expires must be a date, a time or a span such as 720h"}
}

func createKey(ctx context.Context, p *process, d identity.KeyDraft, asJSON bool) error {
	if d.Name == "" || len(d.Permissions) == 0 {
		return usageError{"--name and --permission are needed"}
	}
	return p.withApp(ctx, func(app *core.App) error {
		k, secret, err := app.Accounts.CreateKey(ctx, identity.System, d)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.Stdout, struct {
				keyJSON

				Key string `json:"key"`
			}{shownKey(k), secret})
		}
		fmt.Fprintf(p.Stderr, "The key %s is shown only this once:\n", k.ID)
		_, err = fmt.Fprintln(p.Stdout, secret)
		return err
	})
}

// keyJSON is a key for programs.
type keyJSON struct {
	ID          uuid.UUID             `json:"id"`
	Name        string                `json:"name"`
	Permissions []identity.Permission `json:"permissions"`
	Workspaces  []uuid.UUID           `json:"workspace_ids"`
	CreatedBy   string                `json:"created_by"`
	CreatedAt   *string               `json:"created_at"`
	ExpiresAt   *string               `json:"expires_at"`
	RevokedAt   *string               `json:"revoked_at"`
	LastUsedAt  *string               `json:"last_used_at"`
}

func shownKey(k identity.Key) keyJSON {
	return keyJSON{
		ID: k.ID, Name: k.Name, Permissions: k.Permissions, Workspaces: append([]uuid.UUID{}, k.Workspaces...), CreatedBy: k.CreatedBy,
		CreatedAt: momentOrNull(k.CreatedAt), ExpiresAt: momentOrNull(k.ExpiresAt), RevokedAt: momentOrNull(k.RevokedAt),
		LastUsedAt: momentOrNull(k.LastUsedAt),
	}
}

func keysListCommand() command {
	return command{
		name: "keys list", summary: "list the API keys, revoked and expired ones included",
		help: "Keys that stand in API_KEYS_CONFIG or RBAC_CONFIG are not listed: the configuration is where they are managed.",
		define: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error {
				return p.withApp(ctx, func(app *core.App) error { return listKeys(ctx, p, app, *asJSON) })
			}
		},
	}
}

func listKeys(ctx context.Context, p *process, app *core.App, asJSON bool) error {
	keys, err := app.Accounts.Keys(ctx, identity.System)
	if err != nil {
		return err
	}
	list, rows := make([]keyJSON, len(keys)), make([][]string, len(keys))
	for i, k := range keys {
		list[i] = shownKey(k)
		permissions := make([]string, len(k.Permissions))
		for j, name := range k.Permissions {
			permissions[j] = string(name)
		}
		limit := "all"
		if len(k.Workspaces) > 0 {
			limit = fmt.Sprint(len(k.Workspaces))
		}
		rows[i] = []string{
			k.ID.String(), k.Name, stateOf(k, time.Now()), strings.Join(permissions, ","), limit, moment(k.CreatedAt), moment(k.ExpiresAt),
			moment(k.LastUsedAt),
		}
	}
	if asJSON {
		return printJSON(p.Stdout, map[string]any{"keys": list})
	}
	return printTable(p.Stdout, []string{"ID", "NAME", "STATE", "PERMISSIONS", "WORKSPACES", "CREATED", "EXPIRES", "LAST USED"}, rows)
}

func stateOf(k identity.Key, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return "expired"
	}
	return "valid"
}

func keysRevokeCommand() command {
	return command{
		name: "keys revoke", args: "ID...", summary: "make API keys useless, from their next use on",
		define: func(*flag.FlagSet) action {
			return func(ctx context.Context, p *process, rest []string) error {
				ids, err := parseIDs(rest)
				if err != nil {
					return err
				}
				return p.withApp(ctx, func(app *core.App) error {
					var errs []error
					for _, id := range ids {
						if err := app.Accounts.RevokeKey(ctx, identity.System, id); err != nil {
							errs = append(errs, err)
							continue
						}
						fmt.Fprintf(p.Stdout, "%s is revoked\n", id)
					}
					return errors.Join(errs...)
				})
			}
		},
	}
}

// parseIDs reads at least one id.
func parseIDs(args []string) ([]uuid.UUID, error) {
	if len(args) == 0 {
		return nil, usageError{"an ID is missing"}
	}
	ids := make([]uuid.UUID, len(args))
	for i, a := range args {
		id, err := uuid.Parse(a)
		if err != nil {
			return nil, usageError{fmt.Sprintf("%q is no id", a)}
		}
		ids[i] = id
	}
	return ids, nil
}

// idsFlag defines a flag that takes ids: one, several with commas, or repeated.
func idsFlag(f *flag.FlagSet, ids *[]uuid.UUID, name, usage string) {
	f.Func(name, usage, func(s string) error {
		for part := range strings.SplitSeq(s, ",") {
			id, err := uuid.Parse(strings.TrimSpace(part))
			if err != nil {
				return errors.New("is no id")
			}
			*ids = append(*ids, id)
		}
		return nil
	})
}
