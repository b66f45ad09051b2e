package parse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// startTimeout is how long a child may take to get ready: without cached machine code it compiles the PDF engine first.
const startTimeout = 2 * time.Minute

// child is a process that reads files for this one.
type child struct {
	role  string
	o     Options
	cmd   *exec.Cmd
	pipes []io.Closer // this side's ends
	wire  *wire
	said  *remarks
	unfit bool // must not read another file

	killed sync.Once
	ended  chan struct{} // closed when the process is gone
	exit   error         // of Wait; to be read after ended
}

func startChild(role string, o Options) (*child, error) {
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	c := &child{role: role, o: o, said: &remarks{}, ended: make(chan struct{})}
	c.cmd = exec.Command(exe) //nolint:gosec,noctx // it is this very program, and lives on after the call
	c.cmd.Args = os.Args[:1]
	c.cmd.Env = append(systemEnvironment(), childVariable+"="+role)
	c.cmd.Stderr = c.said
	c.cmd.SysProcAttr = childAttributes()
	c.cmd.WaitDelay = 5 * time.Second
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, stdoutChild, err := os.Pipe() // unlike StdoutPipe, this one survives Wait until it is read to its end
	if err != nil {
		return nil, err
	}
	c.cmd.Stdout = stdoutChild
	c.pipes, c.wire = []io.Closer{stdin, stdout}, newWire(stdout, stdin)
	err = c.cmd.Start()
	_ = stdoutChild.Close()
	if err != nil {
		_, _ = stdin.Close(), stdout.Close()
		return nil, err
	}
	go func() {
		c.exit = c.cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

// awaitReady sends the options and waits for the child's word.
func (c *child) awaitReady(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer context.AfterFunc(limited, c.kill)()
	err := c.wire.sendJSON(frameOptions, c.o)
	if err == nil {
		var kind frameKind
		if kind, _, err = c.wire.receive(0); err == nil && kind != frameReady {
			err = errFrame
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	c.kill()
	<-c.ended
	return fmt.Errorf("the child process isn't ready (does main call parse.ChildMain?): %w: %w: %s", err, errors.Join(c.exit), c.said)
}

// kill ends the process at once.
func (c *child) kill() {
	c.killed.Do(func() { _ = c.cmd.Process.Kill() })
}

// end ends the process and waits for it.
func (c *child) end() {
	c.kill()
	<-c.ended
	for _, p := range c.pipes {
		_ = p.Close()
	}
}

// resident returns how much memory the process has, 0 when that isn't known.
func (c *child) resident() int64 { return residentBytes(c.cmd.Process.Pid) }

// remarks keeps what a process writes to its standard error while it reads a file: the beginning, since Go says there
// why it crashes.
type remarks struct {
	mu   sync.Mutex
	data []byte
}

const remarkBytes = 4 << 10

func (r *remarks) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = append(r.data, p[:min(len(p), remarkBytes-len(r.data))]...)
	return len(p), nil
}

func (r *remarks) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = r.data[:0]
}

// String returns the bytes as text.
func (r *remarks) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(bytes.ToValidUTF8(bytes.TrimSpace(r.data), []byte("?")))
}
