//go:build wireinject

package main

import (
	"context"

	"github.com/google/wire"

	"github.com/ragcorp/ragcorp"
	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core"
)

// openApp makes the use cases over what the configuration names.
func openApp(ctx context.Context, c adapters.Config) (*core.App, func(), error) {
	panic(wire.Build(ragcorp.Ctl))
}
