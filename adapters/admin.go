package adapters

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"strings"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/identity"
)

// FirstAdmin makes sure that somebody can sign in. In a fresh database it makes an administrator with a generated password,
// which it prints to out, once; with seeds it makes those whom they describe. In production it makes nobody: that is what
// `ctl admin create` is for.
func FirstAdmin(ctx context.Context, c Config, app *core.App, out io.Writer) error {
	if c.Seed.Admin || c.Seed.Demo || c.Seed.Tests {
		return c.Seed.plant(ctx, app)
	}
	if c.Production() {
		return nil
	}
	some, err := app.Accounts.HasUsers(ctx)
	if err != nil || some {
		return err
	}
	password := generatePassword()
	created, err := app.Accounts.EnsureAdmin(ctx, firstEmail, password, identity.Keep)
	if err != nil || !created {
		return err
	}
	_, err = fmt.Fprintf(out, "\nThis is the first start in %s. An administrator was created:\n\n  e-mail    %s\n  password  %s\n\n"+
		"The password is shown only this once.\n\n", c.Data.Dir, firstEmail, password)
	return err
}

const firstEmail = "admin@local"

// generatePassword returns 100 random bits in letters and digits.
func generatePassword() string {
	b := make([]byte, 13)
	_, _ = rand.Read(b) // it is documented never to return an error
	s := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:20]
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:]
}
