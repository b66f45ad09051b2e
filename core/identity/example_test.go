package identity_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core/identity"
)

func Example() {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, "sqlite::memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	tokens, err := token.NewJWT("at least sixteen bytes that nobody knows")
	if err != nil {
		log.Fatal(err)
	}
	hasher, err := token.NewArgon2(nil)
	if err != nil {
		log.Fatal(err)
	}
	accounts := identity.New(store.Users(), store.Keys(), tokens, hasher, store.Events(), identity.Options{})

	_, err = accounts.CreateUser(ctx, identity.System, identity.UserDraft{
		Email: "Eva@example.org", Password: "correct horse", Role: identity.Employee,
	})
	if err != nil {
		log.Fatal(err)
	}
	session, err := accounts.SignIn(ctx, "eva@example.org", "correct horse", "")
	if err != nil {
		log.Fatal(err)
	}
	actor, user, err := accounts.Authenticate(ctx, session.Token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Email, actor.Kind, actor.Role)
	fmt.Println(actor.Can(identity.QueryAsk), actor.Can(identity.AdminConfig))

	_, err = accounts.SignIn(ctx, "eva@example.org", "battery staple", "")
	fmt.Println(err)
	// Output:
	// eva@example.org user employee
	// true false
	// the e-mail address or the password is wrong
}

func ExampleParseKeysConfig() {
	keys, err := identity.ParseKeysConfig(`{"a key": ["ask"]}`, "", fingerprint)
	fmt.Println(keys[0].ID, keys[0].Permissions, err)

	_, err = identity.ParseKeysConfig(`{"a key": ["aks"]}`, "", fingerprint)
	fmt.Println(err)
	// Output:
	// 8fa3aab2faa9 [documents:read query:search query:ask query:stream] <nil>
	// API_KEYS_CONFIG: entry 1: scope 1 is unknown; there are ingest, ask, metrics and *
}
