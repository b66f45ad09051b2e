// Package run is what all shells have in common: the life of a process from its configuration to its exit code.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/caarlos0/env/v11"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/queue"
)

// Main builds a program from the environment and runs it until SIGINT or SIGTERM, then lets it end in order: exit code 0.
// A second signal ends the process at once. A program that can't be built or fails ends it with exit code 1.
func Main(build func(ctx context.Context, c adapters.Config, log *zap.Logger) (ops.Program, func(), error)) {
	parse.ChildMain() // does not return in a child process, whose only job is to read files
	if err := run(build); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// Process is what a command gets from the process that it runs in.
type Process struct {
	Args   []string // without the program's name
	Env    map[string]string
	Stdin  io.Reader // an *os.File when somebody may sit at a terminal
	Stdout io.Writer
	Stderr io.Writer
}

// Command runs a command that ends by itself, and ends the process with the exit code that it returns. Its context ends with
// the first SIGINT or SIGTERM; a second signal ends the process at once.
func Command(do func(ctx context.Context, p Process) int) {
	parse.ChildMain() // see Main
	queue.LogRedis(zap.NewNop())
	ctx, stop := untilSignal(zap.NewNop())
	code := do(ctx, Process{
		Args: os.Args[1:], Env: env.ToMap(os.Environ()), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	stop()
	os.Exit(code)
}

func run(build func(ctx context.Context, c adapters.Config, log *zap.Logger) (ops.Program, func(), error)) error {
	c, err := adapters.ConfigFromEnv()
	if err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	log, err := ops.NewLogger(ops.LogOptions{Level: c.Log.Level, JSON: c.Log.JSON})
	if err != nil {
		return err
	}
	queue.LogRedis(log)
	ctx, stop := untilSignal(log)
	defer stop()
	program, cleanup, err := build(ctx, c, log)
	if err != nil {
		return err
	}
	defer cleanup()
	log.Info("starting", zap.String("version", ops.Version()), zap.String("env", c.Env))
	if err := program.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	log.Info("stopped")
	return nil
}

// untilSignal returns a context that ends with the first signal; the second one ends the process.
func untilSignal(log *zap.Logger) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
		case <-done:
			return
		}
		log.Info("stopping; signal again to stop at once")
		cancel()
		select {
		case <-signals:
			os.Exit(1)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
