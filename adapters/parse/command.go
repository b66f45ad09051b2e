package parse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// roleCommand is a child that gives up its rights and becomes another program. What that may do stands in its first argument.
const roleCommand = "command"

// commandLimits are what another program is held to.
type commandLimits struct {
	Dir    string        // the one folder that it may write to; "" for none
	Memory int64         // bytes of each of its processes
	CPU    time.Duration // of each of its processes
	Output int64         // bytes of each file that it writes
}

// command is another program that reads a file.
type command struct {
	args    []string
	stdin   io.Reader
	limits  commandLimits
	timeout time.Duration
}

// timeIsOver says that a program took longer than it may.
type timeIsOver struct{}

// run runs the program without the environment of this one, under limits, and returns what it writes to its standard output.
func (c command) run(ctx context.Context, most int64) ([]byte, error) {
	path, err := exec.LookPath(c.args[0])
	if err != nil {
		return nil, fmt.Errorf("find the program that reads such files: %w", err)
	}
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	limits, err := json.Marshal(c.limits)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, timeIsOver{})
	defer cancel()
	cmd := exec.CommandContext(limited, exe) //nolint:gosec // it is this very program
	cmd.Args = append([]string{os.Args[0], string(limits), path}, c.args[1:]...)
	cmd.Env = append(systemEnvironment(), childVariable+"="+roleCommand)
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return endGroup(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = c.stdin
	out, said := &capped{most: most}, &remarks{}
	cmd.Stdout, cmd.Stderr = out, said
	err = cmd.Run()
	switch cause := context.Cause(limited); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case cause != nil && err != nil:
		return nil, cause
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %s", c.args[0], err, said)
	case out.over:
		return nil, fmt.Errorf("%s wrote more than %d bytes", c.args[0], most)
	}
	return out.Bytes(), nil
}

// capped keeps at most so many bytes.
type capped struct {
	bytes.Buffer
	most int64
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	if int64(c.Len()+len(p)) > c.most {
		c.over = true
		return len(p), nil
	}
	return c.Buffer.Write(p)
}

// becomeCommand is the end of a child with roleCommand: it returns only when the other program can't be started.
func becomeCommand(args []string) error {
	if len(args) < 2 {
		return errFrame
	}
	var limits commandLimits
	if err := json.Unmarshal([]byte(args[0]), &limits); err != nil {
		return err
	}
	home := limits.Dir
	if home == "" {
		home = "/nonexistent"
	}
	env := append(systemEnvironment(), "PATH="+strings.Join([]string{"/usr/local/bin", "/usr/bin", "/bin"}, ":"),
		"HOME="+home, "TMPDIR="+home, "LANG=C.UTF-8", "OMP_THREAD_LIMIT=1")
	return become(limits, args[1:], env)
}

// Error implements error.
func (timeIsOver) Error() string { return "the time is over" }
