package adapters

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// plant makes what the seeds describe and is not there yet. Several processes may do so at once.
func (s SeedConfig) plant(ctx context.Context, app *core.App) error {
	if s.Admin {
		seed := identity.Seed{Email: s.Email, Password: s.Password, Role: identity.Role(strings.ToLower(strings.TrimSpace(s.Role)))}
		if s.Reset {
			seed.Existing = identity.Reset
		}
		if _, _, err := app.Accounts.EnsureUser(ctx, seed); err != nil {
			return fmt.Errorf("DEV_SEED_ADMIN: %w", err)
		}
	}
	if s.Tests {
		if _, err := app.Accounts.EnsureAdmin(ctx, s.TestsEmail, s.TestsPassword, identity.Keep); err != nil {
			return fmt.Errorf("E2E_SEED_ADMIN: %w", err)
		}
	}
	if s.Demo {
		return plantDemo(ctx, app)
	}
	return nil
}

// plantDemo makes some people, each with a workspace. One that they have archived since is left as it is.
func plantDemo(ctx context.Context, app *core.App) error {
	for _, name := range []string{"admin", "employee1", "employee2"} {
		seed := identity.Seed{Email: name + "@local", Password: name, Role: identity.Employee}
		if name == "admin" {
			seed.Role = identity.Admin
		}
		u, _, err := app.Accounts.EnsureUser(ctx, seed)
		if err != nil {
			return fmt.Errorf("DEV_SEED_DEMO: %w", err)
		}
		draft := workspace.Draft{Name: strings.ToUpper(name[:1]) + name[1:] + " Workspace", Owner: u.ID}
		if _, err := app.Workspaces.Create(ctx, identity.System, draft); err != nil && !errors.Is(err, fault.Conflict) {
			return fmt.Errorf("DEV_SEED_DEMO: %w", err)
		}
	}
	return nil
}
