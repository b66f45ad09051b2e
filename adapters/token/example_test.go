package token_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ragcorp/ragcorp/adapters/token"
)

func Example() {
	hasher, err := token.NewArgon2(nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	hash, err := hasher.Hash(ctx, "correct horse")
	if err != nil {
		log.Fatal(err)
	}
	right, _ := hasher.Matches(ctx, "correct horse", hash)
	wrong, _ := hasher.Matches(ctx, "battery staple", hash)
	fmt.Println(right, wrong, hasher.Fingerprint("rk_example")[:12])
	// Output: true false de0b95505be7
}
