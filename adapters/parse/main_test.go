package parse

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/text"
)

// TestMain makes the test binary able to be its own child, with a few formats that misbehave.
func TestMain(m *testing.M) {
	childMain(func(o Options) map[string]format {
		fs := formats(o, false)
		fs["test/panic"] = misbehaviour(func(context.Context, source, *output) error { panic("on purpose") })
		fs["test/hang"] = misbehaviour(func(context.Context, source, *output) error { time.Sleep(time.Hour); return nil })
		fs["test/spin"] = misbehaviour(spin)
		fs["test/cpu"] = misbehaviour(spin)
		fs["test/eat"] = misbehaviour(eat)
		fs["test/deep"] = misbehaviour(func(context.Context, source, *output) error { return deep(0) })
		fs["test/exit"] = misbehaviour(func(context.Context, source, *output) error { os.Exit(0); return nil })
		fs["test/lie"] = misbehaviour(func(context.Context, source, *output) error { fmt.Fprintln(os.Stdout, "hello"); return nil })
		fs["test/probe"] = misbehaviour(probe)
		return fs
	})
	compilePDF()
	os.Exit(m.Run())
}

// compilePDF makes the machine code of the PDF engine once, before so many tests that start at the same time each do.
func compilePDF() {
	engine := newPDF(Options{CacheDir: cacheDir(), MaxMemory: 1 << 30, Children: 1}, false)
	if _, err := engine.engine(); err != nil {
		panic(err)
	}
	if err := engine.Close(); err != nil {
		panic(err)
	}
}

// misbehaviour is a format with a bug.
type misbehaviour func(context.Context, source, *output) error

func (f misbehaviour) read(ctx context.Context, src source, out *output) error {
	return f(ctx, src, out)
}

func spin(context.Context, source, *output) error {
	for i := 0; ; i++ {
		if i < 0 {
			return nil
		}
	}
}

func eat(context.Context, source, *output) error {
	var all [][]byte
	for {
		b := make([]byte, 8<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 1<<20 {
			return nil
		}
	}
}

func deep(n int) error {
	var pad [1024]byte
	pad[n%1024] = 1
	if err := deep(n + 1); err != nil {
		return err
	}
	return fmt.Errorf("%d", pad[0])
}

// probe reports what the child can see and do.
func probe(_ context.Context, _ source, out *output) error {
	_, err := os.Create(os.TempDir() + "/ragcorp-probe")
	if err == nil {
		err = os.WriteFile(os.TempDir()+"/ragcorp-probe", []byte("x"), 0o600)
		_ = os.Remove(os.TempDir() + "/ragcorp-probe")
	}
	_, readErr := os.ReadFile("/etc/passwd")
	_, tcpErr := net.Dial("tcp", "127.0.0.1:1")
	_, udpErr := net.Dial("udp", "127.0.0.1:1")
	return out.add(text.Block{Text: fmt.Sprintf("environment %q, writing: %v, reading: %v, tcp: %v, udp: %v", os.Environ(), err, readErr, tcpErr, udpErr)})
}
