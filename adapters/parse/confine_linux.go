package parse

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxFiles is how many files a child may hold: its standard ones, the poller's, and a few to spare.
const maxFiles = 32

// confine gives up what reading doesn't need: writing files, opening many, new privileges, core dumps. When memory runs
// out, the kernel takes the child first.
func confine() error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // not everywhere allowed, and no matter of safety
	limits := []struct {
		resource int
		limit    uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_NOFILE, maxFiles},
	}
	for _, l := range limits {
		// Through syscall, so that the runtime doesn't take the limit on files for one that it should lift again.
		if err := syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.limit, Max: l.limit}); err != nil {
			return fmt.Errorf("set limit %d: %w", l.resource, err)
		}
	}
	return seal()
}

// seal takes from the process, as far as the kernel knows how, every access to files and to TCP: it enters a Landlock
// domain without a single rule. What is open stays open. A binary that uses cgo can't do so, since the order has to reach
// each of its threads.
func seal() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return nil // cgo
	}
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil // an old kernel, or one without Landlock
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: 1<<13 - 1}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	if version >= 2 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		size += unsafe.Sizeof(attr.Handled_access_net)
	}
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make a Landlock domain: %w", errno)
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return fmt.Errorf("enter the Landlock domain: %w", errno)
	}
	return unix.Close(int(rules))
}

// allowCPU bounds the CPU time from now on. The kernel ends a process that passes it, also if the parent no longer can.
func allowCPU(d time.Duration) {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return
	}
	var current syscall.Rlimit
	if syscall.Getrlimit(unix.RLIMIT_CPU, &current) != nil {
		return
	}
	seconds := uint64(used.Utime.Sec+used.Stime.Sec) + uint64(d/time.Second) + 1 //nolint:gosec // not negative
	current.Cur = min(seconds, current.Max)
	_ = syscall.Setrlimit(unix.RLIMIT_CPU, &current) // a second net below the parent's clock
}

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL, // never outlive the parent
		Setpgid:   true,            // a Ctrl-C at the terminal is the parent's business
	}
}

// executable is this program, even if its file has been replaced since.
func executable() (string, error) {
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

func systemEnvironment() []string { return nil }

func residentBytes(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := bytes.Fields(data)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func overCPU(s *os.ProcessState) bool { return signalOf(s) == syscall.SIGXCPU }

func killedFromOutside(s *os.ProcessState) bool {
	sig := signalOf(s)
	return sig == syscall.SIGKILL || sig == syscall.SIGTERM
}

func signalOf(s *os.ProcessState) syscall.Signal {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}
