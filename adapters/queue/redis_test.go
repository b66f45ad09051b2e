package queue_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/redis/go-redis/v9"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/queue"
)

const redisPort = "6379/tcp"

// server is a Redis in a container, on a port that it keeps when it is started again.
type server struct {
	url       string
	container testcontainers.Container
}

// startRedis starts a server. It has no disk, so it is empty when it is started again.
func startRedis(ctx context.Context) (_ *server, err error) {
	defer func() { // the library panics where there is no engine
		if value := recover(); value != nil {
			err = fmt.Errorf("%v", value)
		}
	}()
	image := os.Getenv("E2E_REDIS_IMAGE")
	if image == "" {
		image = "redis:8"
	}
	port, err := freePort()
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
	return &server{url: "redis://127.0.0.1:" + port + "/0", container: c}, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// shared is the server of all tests that leave a server as it is.
var shared = sync.OnceValues(func() (*server, error) { return startRedis(context.Background()) })

// used says that the shared server was asked for.
var used sync.Once

func TestMain(m *testing.M) {
	queue.LogRedis(zap.NewNop())
	code := m.Run()
	begun := false
	used.Do(func() { begun = true })
	if !begun {
		if s, err := shared(); err == nil {
			_ = testcontainers.TerminateContainer(s.container, testcontainers.StopTimeout(0))
		}
	}
	os.Exit(code)
}

// answers skips a test when there is no engine to run a server with, unless there must be one.
func answers(t *testing.T, s *server, err error) *server {
	t.Helper()
	switch {
	case err == nil:
		return s
	case os.Getenv("REQUIRE_DOCKER") == "1":
		t.Fatalf("Redis does not start: %v", err)
	default:
		t.Skipf("Redis does not start: %v", err)
	}
	return nil
}

// world is a server with keys that no other test uses.
type world struct {
	*testing.T
	*server
	prefix string
	raw    *redis.Client
}

func sharedRedis(t *testing.T) *world {
	t.Helper()
	used.Do(func() {})
	s, err := shared()
	return newWorld(t, answers(t, s, err))
}

// ownRedis is a server that the test may break.
func ownRedis(t *testing.T) *world {
	t.Helper()
	s, err := startRedis(t.Context())
	s = answers(t, s, err)
	testcontainers.CleanupContainer(t, s.container, testcontainers.StopTimeout(0))
	return newWorld(t, s)
}

func newWorld(t *testing.T, s *server) *world {
	t.Helper()
	o, err := redis.ParseURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, server: s, prefix: "test-" + uuid.NewString(), raw: redis.NewClient(o)}
	t.Cleanup(func() { _ = w.raw.Close() })
	return w
}

// connect opens the server as a process of the product would.
func (w *world) connect(o queue.RedisOptions) *queue.Redis {
	w.Helper()
	o.Prefix = w.prefix
	r, err := queue.OpenRedis(w.url, &o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = r.Close() })
	return r
}

func (w *world) stream(topic string) string { return w.prefix + ":" + topic }

// length is how many entries the stream of a topic has.
func (w *world) length(topic string) int {
	w.Helper()
	n, err := w.raw.XLen(w.Context(), w.stream(topic)).Result()
	if err != nil {
		w.Fatal(err)
	}
	return int(n)
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); {
		if time.Since(begin) > time.Minute {
			t.Fatalf("for a minute it was not so that %s", what)
		}
		<-time.After(soon)
	}
}

// restart kills the server and starts it, empty.
func (w *world) restart() {
	w.Helper()
	none := time.Duration(0)
	if err := w.container.Stop(w.Context(), &none); err != nil {
		w.Fatal(err)
	}
	if err := w.container.Start(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func TestURLsOfRedisAreChecked(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:6379", "http://localhost", "redis://:se%zzcret@localhost:6379", "redis://u:secret@localhost:6379/zero"} {
		_, err := queue.OpenRedis(url, nil)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("OpenRedis(%q) = %v, want an error without the password", url, err)
		}
	}
	for _, url := range []string{"redis://localhost", "rediss://u:secret@redis.example:6380/3", "unix:///run/redis.sock"} {
		r, err := queue.OpenRedis(url, nil)
		if err != nil {
			t.Errorf("OpenRedis(%q) = %v", url, err)
			continue
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// nowhere is a Redis that never answers.
func nowhere(t *testing.T, o queue.RedisOptions) *queue.Redis {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	r, err := queue.OpenRedis(fmt.Sprintf("redis://:secret@127.0.0.1:%s/0", port), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}
