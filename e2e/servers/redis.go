package servers

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const redisPort = "6379/tcp"

// Redis is a server in a container, with nothing on a disk: it is empty when it is started again, on the same port.
type Redis struct {
	URL string

	container testcontainers.Container
}

// StartRedis starts a server, of the image that E2E_REDIS_IMAGE names or else redis:8, which ends with the test. Where none can
// be had, the test is skipped with the reason; with REQUIRE_DOCKER=1 it fails.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	r, err := RunRedis(t.Context())
	Need(t, "Redis", err)
	t.Cleanup(r.Stop)
	return r
}

// Need skips a test when a server that it needs could not be started, or fails it with REQUIRE_DOCKER=1.
func Need(t testing.TB, server string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("REQUIRE_DOCKER") == "1" {
		t.Fatalf("there is no %s server: %v", server, err)
	}
	t.Skipf("there is no %s server: %v", server, err)
}

// RunRedis is StartRedis for a server that several tests share; whoever runs it stops it.
func RunRedis(ctx context.Context) (_ *Redis, err error) {
	defer func() { // the library panics where there is no engine
		if value := recover(); value != nil {
			err = fmt.Errorf("%v", value)
		}
	}()
	image := os.Getenv("E2E_REDIS_IMAGE")
	if image == "" {
		image = "redis:8"
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithCmd("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--bind", "0.0.0.0"),
		testcontainers.WithExposedPorts(redisPort),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.PortBindings = network.PortMap{network.MustParsePort(redisPort): {
				{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: port},
			}}
		}),
		testcontainers.WithWaitStrategy(wait.ForLog("Ready to accept connections")),
	)
	if err != nil {
		return nil, err
	}
	return &Redis{URL: "redis://127.0.0.1:" + port + "/0", container: c}, nil
}

// Stop removes the server.
func (r *Redis) Stop() {
	_ = testcontainers.TerminateContainer(r.container, testcontainers.StopTimeout(0)) // nothing of it is needed any more
}

// Kill ends the server as kill -9 does.
func (r *Redis) Kill(t testing.TB) {
	t.Helper()
	none := time.Duration(0)
	if err := r.container.Stop(t.Context(), &none); err != nil {
		t.Fatalf("kill Redis: %v", err)
	}
}

// Start starts it after Kill, empty.
func (r *Redis) Start(t testing.TB) {
	t.Helper()
	if err := r.container.Start(t.Context()); err != nil {
		t.Fatalf("start Redis: %v", err)
	}
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }() // it only reserved the port
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
