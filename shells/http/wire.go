//go:build wireinject

package main

import (
	"context"

	"github.com/google/wire"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp"
	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
)

func build(ctx context.Context, c adapters.Config, log *zap.Logger) (ops.Program, func(), error) {
	panic(wire.Build(ragcorp.HTTP, newConnections, serverDeps, serverOptions, newProgram))
}
