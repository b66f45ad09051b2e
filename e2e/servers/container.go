package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// Container is a server in a container, on a port of this machine that it keeps when it is started again.
type Container struct {
	addr    string // host:port
	running testcontainers.Container
}

// Kill ends the server without giving it a chance to do anything, as a power cut would.
func (c *Container) Kill(tb testing.TB) {
	tb.Helper()
	now := time.Duration(0)
	if err := c.running.Stop(context.WithoutCancel(tb.Context()), &now); err != nil {
		tb.Fatalf("stop the server at %s: %v", c.addr, err)
	}
}

// Start starts the server again after Kill and waits until it answers.
func (c *Container) Start(tb testing.TB) {
	tb.Helper()
	if err := c.running.Start(context.WithoutCancel(tb.Context())); err != nil {
		tb.Fatalf("start the server at %s again: %v", c.addr, err)
	}
}

// image is what a container is made from.
type image struct {
	name string
	port string // within the container, such as 6379/tcp
	with []testcontainers.ContainerCustomizer
}

// launch starts a container.
func launch(ctx context.Context, i image) (_ *Container, err error) {
	defer func() { // the library panics where there is no engine
		if value := recover(); value != nil {
			err = fmt.Errorf("no Docker engine answers: %v", value)
		}
	}()
	silence()
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	const patience = 5 * time.Minute // an image may have to be pulled
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	c, err := testcontainers.Run(ctx, i.name, append(i.with,
		testcontainers.WithExposedPorts(i.port),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.ShmSize = 1 << 30 // PostgreSQL's workers share memory there
			h.PortBindings = network.PortMap{network.MustParsePort(i.port): {
				{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: port},
			}}
		}))...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", i.name, err), testcontainers.TerminateContainer(c))
	}
	return &Container{addr: net.JoinHostPort("127.0.0.1", port), running: c}, nil
}

// Write writes a file within the container.
func (c *Container) Write(tb testing.TB, path, content string) {
	tb.Helper()
	if err := c.running.CopyToContainer(tb.Context(), []byte(content), path, 0o644); err != nil {
		tb.Fatalf("write %s: %v", path, err)
	}
}

// Exec runs a command within the container and returns what it prints.
func (c *Container) Exec(tb testing.TB, command ...string) string {
	tb.Helper()
	code, out, err := c.running.Exec(tb.Context(), command)
	if err != nil {
		tb.Fatalf("run %s: %v", command[0], err)
	}
	said, err := io.ReadAll(out)
	if err != nil || code != 0 {
		tb.Fatalf("%s ended with %d, %v: %s", command[0], code, err, said)
	}
	return string(said)
}

// Stop removes the server.
func (c *Container) Stop() {
	_ = testcontainers.TerminateContainer(c.running, testcontainers.StopTimeout(0))
}

// silence drops what the library tells about each container: once, since its logger is one variable for all tests.
var silence = sync.OnceFunc(func() { tclog.SetDefault(tclog.NewNoopLogger()) })

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// own starts a container for one test.
func own(tb testing.TB, server string, i image) *Container {
	tb.Helper()
	c, err := launch(tb.Context(), i)
	Need(tb, server, err)
	tb.Cleanup(c.Stop)
	return c
}

// Need skips a test when a server that it needs could not be started, or fails it with REQUIRE_DOCKER.
func Need(tb testing.TB, server string, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case os.Getenv("REQUIRE_DOCKER") != "":
		tb.Fatalf("there is no %s server: %v", server, err)
	default:
		tb.Skipf("there is no %s server: %v", server, err)
	}
}

// shared is a container that all tests of a process use.
type shared struct {
	once sync.Once
	c    *Container
	err  error
}

func (s *shared) get(tb testing.TB, server string, i image) *Container {
	tb.Helper()
	s.once.Do(func() { s.c, s.err = launch(context.WithoutCancel(tb.Context()), i) })
	Need(tb, server, s.err)
	return s.c
}

func (s *shared) remove() {
	s.once.Do(func() {})
	if s.c != nil {
		s.c.Stop()
	}
}

// Run runs the tests of a binary and removes the servers that they shared. It returns the exit code.
func Run(m *testing.M) int {
	defer commonPostgres.remove()
	defer commonRedis.remove()
	return m.Run()
}

func setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
