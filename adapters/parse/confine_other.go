//go:build !linux

package parse

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// Outside of Linux a child is an ordinary process with an empty environment. The parent's clock ends it; there are no
// limits on its memory beyond that of the PDF engine, on its files or on its CPU time. It ends when its standard input does.

func confine(Options) error { return nil }

func allowCPU(time.Duration) {}

func isSpent() bool { return false }

func childAttributes() *syscall.SysProcAttr { return nil }

func executable() (string, error) { return os.Executable() }

// systemEnvironment returns what a process can't start without.
func systemEnvironment() []string {
	if runtime.GOOS != "windows" {
		return nil
	}
	return []string{"SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
}

func residentBytes(int) int64 { return 0 }

func killedFromOutside(*os.ProcessState) bool { return false }
