package servers

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Redis is a server in a container, with nothing on a disk: it is empty when it is started again.
type Redis struct {
	*Container
	URL string // of the first of its databases
}

// redisDatabases is how many databases a server has.
const redisDatabases = 10_000

func redisImage() image {
	return image{
		name: setting("E2E_REDIS_IMAGE", "redis:8"), port: "6379/tcp",
		with: []testcontainers.ContainerCustomizer{
			testcontainers.WithCmd("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no",
				"--bind", "0.0.0.0", "--databases", fmt.Sprint(redisDatabases)),
			testcontainers.WithWaitStrategy(wait.ForLog("Ready to accept connections")),
		},
	}
}

// RunRedis is StartRedis for a server that several tests share; whoever runs it stops it.
func RunRedis(ctx context.Context) (*Redis, error) {
	c, err := launch(ctx, redisImage())
	if err != nil {
		return nil, err
	}
	return &Redis{c, "redis://" + c.addr + "/0"}, nil
}

// StartRedis starts a server of the image E2E_REDIS_IMAGE, which ends with the test.
func StartRedis(tb testing.TB) *Redis {
	tb.Helper()
	r, err := RunRedis(tb.Context())
	Need(tb, "Redis", err)
	tb.Cleanup(r.Stop)
	return r
}

var (
	commonRedis shared
	redisTaken  atomic.Int64
)

// RedisDatabase returns the URL of an empty database on a server that the tests of a process share.
func RedisDatabase(tb testing.TB) string {
	tb.Helper()
	c := commonRedis.get(tb, "Redis", redisImage())
	n := redisTaken.Add(1)
	if n >= redisDatabases {
		tb.Fatal("there is no free database in Redis")
	}
	return strings.Join([]string{"redis:", "", c.addr, fmt.Sprint(n)}, "/")
}
