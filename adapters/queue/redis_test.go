package queue_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// shared is the server of all tests that leave a server as it is.
var shared = sync.OnceValues(func() (*servers.Redis, error) { return servers.RunRedis(context.Background()) })

// used says that the shared server was asked for.
var used atomic.Bool

func TestMain(m *testing.M) {
	queue.LogRedis(zap.NewNop())
	code := m.Run()
	if used.Load() {
		if s, err := shared(); err == nil {
			s.Stop()
		}
	}
	os.Exit(code)
}

// world is a server with keys that no other test uses.
type world struct {
	*testing.T

	server *servers.Redis
	prefix string
	raw    *redis.Client
}

func sharedRedis(t *testing.T) *world {
	t.Helper()
	used.Store(true)
	s, err := shared()
	servers.Need(t, "Redis", err)
	return newWorld(t, s)
}

// ownRedis is a server that the test may break.
func ownRedis(t *testing.T) *world {
	t.Helper()
	return newWorld(t, servers.StartRedis(t))
}

func newWorld(t *testing.T, s *servers.Redis) *world {
	t.Helper()
	o, err := redis.ParseURL(s.URL)
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
	r, err := queue.OpenRedis(w.server.URL, &o)
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
		if time.Since(begin) > 5*time.Minute {
			t.Fatalf("for five minutes it was not so that %s", what)
		}
		<-time.After(soon)
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // it only found a port on which nobody answers
	r, err := queue.OpenRedis(fmt.Sprintf("redis://:secret@%s/0", l.Addr()), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}
