// Package containers starts the servers of the production profile for tests, in containers. Where they can't be started,
// because no Docker engine answers or an image can't be had, tests that need one are skipped and say so, unless
// REQUIRE_DOCKER is set: then they fail.
//
// A server is started once in a test process, by the first test that needs it. Test binaries that use the package have
//
//	func TestMain(m *testing.M) { os.Exit(containers.Run(m)) }
//
// so that the servers are stopped in the end.
package containers

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// server is a container that is started once.
type server struct {
	mu      sync.Mutex
	started bool
	err     error
	running testcontainers.Container
}

// start starts the container unless it was, and returns it.
func (s *server) start(tb testing.TB, request testcontainers.ContainerRequest) testcontainers.Container {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started = true
		s.running, s.err = launch(request)
	}
	if s.err == nil {
		return s.running
	}
	if os.Getenv("REQUIRE_DOCKER") != "" {
		tb.Fatal(s.err)
	}
	tb.Skip(s.err)
	return nil
}

func launch(request testcontainers.ContainerRequest) (testcontainers.Container, error) {
	const patience = 3 * time.Minute // an image may have to be pulled
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return nil, fmt.Errorf("no Docker engine answers: %w", err)
	}
	defer func() { _ = provider.Close() }()
	if err := provider.Health(ctx); err != nil {
		return nil, fmt.Errorf("no Docker engine answers: %w", err)
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: request, Started: true})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", request.Image, err)
	}
	return c, nil
}

func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		_ = testcontainers.TerminateContainer(s.running)
	}
}

// Run runs the tests of a binary and stops the servers that they started. It returns the exit code.
func Run(m *testing.M) int {
	defer postgres.stop()
	return m.Run()
}

func setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
