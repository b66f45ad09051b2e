package parse

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine gives up what reading doesn't need: writing files, opening many, new privileges, core dumps. It
// bounds CPU time by what each file is allowed. When memory runs out, the kernel takes the child first.
func confine(o Options) error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // not everywhere allowed, and no matter of safety
	limits := []struct {
		resource int
		limit    uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_NOFILE, uint64(o.MaxFiles)}, //nolint:gosec // not negative
	}
	for _, l := range limits {
		// Through syscall, so that the runtime doesn't take the limit on files for one that it should lift again.
		if err := syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.limit, Max: l.limit}); err != nil {
			return fmt.Errorf("set limit %d: %w", l.resource, err)
		}
	}
	if err := watchCPU(o.CPUTime); err != nil {
		return err
	}
	return seal()
}

// seal takes from the process, as far as the kernel knows how, the network and every access to files: it enters a Landlock
// domain without a single rule. What is open stays open. A binary that uses cgo can't do so, since the order has to reach
// each of its threads.
func seal() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := noNetwork(true); err != nil {
		return err
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

// lifetimeCPU is how much CPU time a child may use in all, in allowances of one file.
const lifetimeCPU = 32

// allowCPU bounds the CPU time from now on. It is a second net below the parent's clock, for when the parent is stopped or
// gone: passing the soft limit raises a signal, on which the process ends; passing the hard one, the kernel ends it.
func allowCPU(d time.Duration) {
	var current syscall.Rlimit
	if syscall.Getrlimit(unix.RLIMIT_CPU, &current) != nil {
		return
	}
	current.Cur = min(usedCPU()+uint64(d/time.Second)+1, current.Max) //nolint:gosec // not negative
	_ = syscall.Setrlimit(unix.RLIMIT_CPU, &current)
}

// watchCPU sets the hard limit and ends the process when the soft one is passed; Go's runtime ignores that signal.
func watchCPU(allowance time.Duration) error {
	hard := usedCPU() + lifetimeCPU*uint64(allowance/time.Second+1) //nolint:gosec // not negative
	if err := syscall.Setrlimit(unix.RLIMIT_CPU, &syscall.Rlimit{Cur: hard, Max: hard}); err != nil {
		return fmt.Errorf("set the limit on CPU time: %w", err)
	}
	passed := make(chan os.Signal, 1)
	signal.Notify(passed, syscall.SIGXCPU)
	go func() {
		<-passed
		_, _ = os.Stderr.WriteString(cpuRemark + "\n")
		os.Exit(1)
	}()
	return nil
}

// isSpent reports whether the process should make room for one that has its CPU time still before it.
func isSpent() bool {
	var current syscall.Rlimit
	return syscall.Getrlimit(unix.RLIMIT_CPU, &current) == nil && usedCPU() > current.Max/2
}

// usedCPU returns the CPU time of the process so far, in seconds.
func usedCPU() uint64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return uint64(used.Utime.Sec + used.Stime.Sec) //nolint:gosec // not negative
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

// killedFromOutside reports whether a signal that no fault of a program raises ended a process.
func killedFromOutside(s *os.ProcessState) bool {
	status, ok := s.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && (status.Signal() == syscall.SIGKILL || status.Signal() == syscall.SIGTERM)
}
