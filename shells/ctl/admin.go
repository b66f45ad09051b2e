package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// newUser is what the flags say about a user.
type newUser struct {
	email    string
	role     string
	inactive bool
	stdin    bool // the password comes from standard input
	asJSON   bool
}

func adminCreateCommand() command {
	return command{
		name: "admin create", summary: "create an administrator, or another user",
		help: `
Asks for what the flags don't say. The password is asked for twice and not shown, or read from standard input with
--password-stdin; it never stands on the command line, where others could see it. It has 8 to 512 characters.

When there is a user of that e-mail address already, nothing is changed: the user is shown, and the exit code is 0.`,
		define: func(f *flag.FlagSet) action {
			var u newUser
			f.StringVar(&u.email, "email", "", "`E-MAIL` address; asked for when missing")
			f.StringVar(&u.role, "role", string(identity.Admin), "`ROLE`: admin or employee")
			f.BoolVar(&u.inactive, "inactive", false, "the user can't sign in before they are enabled")
			f.BoolVar(&u.stdin, "password-stdin", false, "read the password from standard input, up to its end or the end of the line")
			f.BoolVar(&u.asJSON, "json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error { return createAdmin(ctx, p, u) }
		},
	}
}

func createAdmin(ctx context.Context, p *process, u newUser) error {
	role := identity.Role(strings.ToLower(u.role))
	if role != identity.Admin && role != identity.Employee {
		return usageError{"--role must be admin or employee"}
	}
	if u.email == "" {
		if u.stdin {
			return usageError{"--email is missing; it can't be asked for when the password comes from standard input"}
		}
		var err error
		if u.email, err = p.ask.Line("E-mail: "); err != nil {
			return usageError{err.Error() + "; give --email"}
		}
	}
	return p.withApp(ctx, func(app *core.App) error {
		found, err := byEmail(ctx, app, u.email)
		if err == nil {
			return printUser(p.Stdout, found, false, u.asJSON)
		}
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		password, err := p.password(u.stdin)
		if err != nil {
			return err
		}
		active := !u.inactive
		made, err := app.Accounts.CreateUser(ctx, identity.System, identity.UserDraft{
			Email: u.email, Password: password, Role: role, Active: &active,
		})
		if errors.Is(err, fault.Conflict) { // somebody else was faster
			if found, err = byEmail(ctx, app, u.email); err == nil {
				return printUser(p.Stdout, found, false, u.asJSON)
			}
		}
		if err != nil {
			return err
		}
		return printUser(p.Stdout, made, true, u.asJSON)
	})
}

// byEmail finds a user. fault.NotFound when there is none.
func byEmail(ctx context.Context, app *core.App, email string) (identity.User, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	page := identity.Page{Limit: 1000}
	for {
		users, err := app.Accounts.Users(ctx, identity.System, page)
		if err != nil {
			return identity.User{}, err
		}
		for _, u := range users {
			if u.Email == email {
				return u, nil
			}
		}
		if len(users) < page.Limit {
			return identity.User{}, fault.NotFound.Errorf("there is no user of that e-mail address")
		}
		page.Offset += len(users)
	}
}

// password gets a password that is not on the command line.
func (p *process) password(fromStdin bool) (string, error) {
	if fromStdin {
		raw, err := io.ReadAll(io.LimitReader(p.Stdin, 64<<10))
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		line, _, _ := strings.Cut(string(raw), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	}
	first, err := p.ask.Secret("Password (8 to 512 characters): ")
	if err != nil {
		return "", usageError{err.Error() + "; give --password-stdin"}
	}
	second, err := p.ask.Secret("Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

func printUser(w io.Writer, u identity.User, created, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"id": u.ID, "email": u.Email, "role": u.Role, "is_active": u.Active, "created": created})
	}
	what := "There is such a user already; nothing was changed."
	if created {
		what = "Created."
	}
	_, err := fmt.Fprintf(w, "%s\nid      %s\ne-mail  %s\nrole    %s\nactive  %v\n", what, u.ID, oneLine(u.Email), u.Role, u.Active)
	return err
}
