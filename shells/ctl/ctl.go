package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/shells/internal/run"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // what was asked for did not succeed
	exitUsage  = 2 // it was asked for in the wrong way
)

// command is one thing that ctl can do.
type command struct {
	name    string // one word, or two when there are several commands of a kind
	args    string // what stands after the flags; empty when nothing may
	summary string // in one line
	help    string // in full; may be empty
	define  func(f *flag.FlagSet) action
}

// action runs a command whose flags are read. rest is what stands beside the flags.
type action func(ctx context.Context, p *process, rest []string) error

// process is where a command runs.
type process struct {
	run.Process

	ask asker
}

// commands lists what ctl can do, in the order of the help.
func commands() []command {
	return []command{
		migrateCommand(), adminCreateCommand(), keysCreateCommand(), keysListCommand(), keysRevokeCommand(),
		jobsListCommand(), jobsReplayCommand(), jobsDiscardCommand(), doctorCommand(), backupCommand(), restoreCommand(),
		reindexCommand(), spacesFillCommand(), spacesUseCommand(), spacesRemoveCommand(), spacesCommand(), readyCommand(), openapiCommand(), ingestCommand(), evalCommand(), answersCommand(), versionCommand(),
	}
}

// ctl runs the command that the arguments name, and returns the exit code.
func ctl(ctx context.Context, p run.Process) int {
	return dispatch(ctx, &process{Process: p, ask: terminal{p.Stdin, p.Stderr}})
}

func dispatch(ctx context.Context, p *process) int {
	if len(p.Args) == 0 {
		overview(p.Stdout, commands())
		return exitOK
	}
	switch p.Args[0] {
	case "help", "-h", "-help", "--help":
		return help(p, p.Args[1:])
	}
	c, rest, ok := find(p.Args)
	if !ok {
		return unknown(p, p.Args)
	}
	return c.run(ctx, p, rest)
}

// find returns the command that args begin with, and what follows its name.
func find(args []string) (command, []string, bool) {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return c, args[len(words):], true
		}
	}
	return command{}, nil, false
}

// group returns the commands of a kind, such as all those of keys.
func group(word string) []command {
	return slices.DeleteFunc(commands(), func(c command) bool { return !strings.HasPrefix(c.name, word+" ") })
}

func (c command) run(ctx context.Context, p *process, args []string) int {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are told once, below
	do := c.define(f)
	rest, err := parseArgs(f, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.explain(p.Stdout)
		return exitOK
	case err != nil:
		err = usageError{err.Error()}
	case c.args == "" && len(rest) > 0:
		err = usageError{fmt.Sprintf("%q is one argument too many", rest[0])}
	default:
		err = do(ctx, p, rest)
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(p.Stderr, "ctl %s: %s\n", c.name, adapters.Redact(err.Error()))
	var wrong usageError
	if errors.As(err, &wrong) {
		fmt.Fprintf(p.Stderr, "`ctl %s --help` says how to use it.\n", c.name)
		return exitUsage
	}
	return exitFailed
}

// parseArgs reads flags wherever they stand among the other arguments.
func parseArgs(f *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil || f.NArg() == 0 {
			return rest, err
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
}

// usageError says that a command was asked for in the wrong way.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// config reads the configuration.
func (p *process) config() (adapters.Config, error) {
	c, err := adapters.ConfigFrom(p.Env)
	if err != nil {
		return c, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	return c, nil
}

// withApp runs do over what the configuration names.
func (p *process) withApp(ctx context.Context, do func(app *core.App) error) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	app, closeApp, err := openApp(ctx, c)
	if err != nil {
		return err
	}
	defer closeApp()
	return do(app)
}
