package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// A profile says where a world keeps its data, as environment variables of the shells. It makes a fresh place for every world
// and removes it after the test. Stories don't know in which profile they run.
var profiles = map[string]func(t *testing.T) []string{
	"embedded":   embedded,
	"production": production,
}

// embedded is one folder for everything. All worlds share the cache in it, and so do all runs of the tests: it holds machine
// code that takes seconds to make, and minutes with the race detector.
func embedded(t *testing.T) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	shared, err := os.UserCacheDir()
	if err == nil {
		shared = filepath.Join(shared, "ragcorp-e2e")
		err = errors.Join(os.MkdirAll(shared, 0o700), os.Symlink(shared, filepath.Join(dir, "cache")))
	}
	if err != nil {
		t.Logf("without a shared cache: %v", err)
	}
	return []string{"DATA_DIR=" + dir}
}

// production is a database of PostgreSQL, one of Redis and a bucket of S3; the folder holds what may be lost.
func production(t *testing.T) []string {
	t.Helper()
	files := servers.StartS3(t)
	return slices.Concat(embedded(t), files.Env(files.Bucket(t)), []string{
		"DATABASE_URL=" + servers.Postgres(t), "AUTO_MIGRATE=1", "REDIS_URL=" + servers.RedisDatabase(t),
	})
}

// faraway reports whether the files are on servers, where the tests can't look at them.
func faraway() bool { return os.Getenv("E2E_PROFILE") == "production" }

// Who may do everything in a world.
const (
	adminEmail    = "root@example.com"
	adminPassword = "a long enough password"
)

// world is an installation: one place for data, on which any number of shells work.
type world struct {
	env []string
	tmp string // the shells' folder for temporary files
}

// newWorld makes an empty installation; env has further settings.
func newWorld(t *testing.T, env ...string) *world {
	t.Helper()
	name := os.Getenv("E2E_PROFILE")
	if name == "" {
		name = "embedded"
	}
	profile, ok := profiles[name]
	if !ok {
		t.Fatalf("there is no profile %q", name)
	}
	w := &world{tmp: t.TempDir()}
	w.env = append(profile(t),
		"APP_ENV=local", "HTTP_ADDR=127.0.0.1:0", "WORKER_HTTP_PORT=0", "RATE_LIMIT_RPS=0",
		"DEV_SEED_ADMIN=1", "DEV_SEED_ADMIN_EMAIL="+adminEmail, "DEV_SEED_ADMIN_PASSWORD="+adminPassword,
		"TMPDIR="+w.tmp, "TMP="+w.tmp, "PATH="+os.Getenv("PATH"), "SYSTEMROOT="+os.Getenv("SYSTEMROOT"),
		"HOME="+w.tmp, "GORACE=halt_on_error=1", "WORKER_POLL=50ms",
	)
	w.env = append(w.env, env...)
	return w
}

// cutEnv returns the value of an entry of an environment, if the entry is of that name.
func cutEnv(entry, name string) (string, bool) { return strings.CutPrefix(entry, name+"=") }
