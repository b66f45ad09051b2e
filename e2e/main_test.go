package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// binaries is the folder of the shells that are tested; they are built when the first test needs one.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ragcorp-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := servers.Run(m)
	_ = os.RemoveAll(dir) // left to the system's own tidying
	os.Exit(code)
}

var buildHTTP = sync.OnceValues(func() (string, error) { return build("http") })

var buildWorker = sync.OnceValues(func() (string, error) { return build("worker") })

func build(shell string) (string, error) {
	name := shell
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if made := os.Getenv("E2E_BINARIES"); made != "" {
		return filepath.Abs(filepath.Join(made, name))
	}
	out := filepath.Join(binaries, name)
	args := []string{"build", "-o", out}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/ragcorp/ragcorp/shells/"+shell)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the %s shell: %w\n%s", shell, err, said)
	}
	return out, nil
}

// longest is how long a test waits for something that should come soon: long enough for a busy machine, and never past the
// deadline of the tests.
func longest(t testing.TB) time.Duration {
	t.Helper()
	wait := patience(2 * time.Minute)
	if tt, ok := t.(*testing.T); ok {
		if deadline, ok := tt.Deadline(); ok {
			wait = min(wait, time.Until(deadline)-5*time.Second)
		}
	}
	return wait
}

// patience is how long to wait for what takes so long without the race detector, which makes everything slow.
func patience(d time.Duration) time.Duration {
	if raceEnabled {
		return 5 * d
	}
	return d
}

// eventually asks until the answer is yes.
func eventually(t testing.TB, what string, ask func() bool) {
	t.Helper()
	end := time.NewTimer(longest(t))
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-end.C:
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}
