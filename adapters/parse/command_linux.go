package parse

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// become gives up what another program doesn't need and turns this process into it. Its rights are those of the thread that does so.
func become(l commandLimits, args, env []string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cpu := uint64(l.CPU/time.Second) + 1 //nolint:gosec // not negative
	limits := []struct {
		resource int
		limit    uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_CPU, cpu},
		{unix.RLIMIT_DATA, uint64(l.Memory)},  //nolint:gosec // not negative
		{unix.RLIMIT_FSIZE, uint64(l.Output)}, //nolint:gosec // not negative
		{unix.RLIMIT_NOFILE, 256},
	}
	for _, r := range limits {
		if err := syscall.Setrlimit(r.resource, &syscall.Rlimit{Cur: r.limit, Max: r.limit}); err != nil {
			return fmt.Errorf("set limit %d: %w", r.resource, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := onlyWriteTo(l.Dir); err != nil {
		return err
	}
	if err := noNetwork(false); err != nil {
		return err
	}
	return syscall.Exec(args[0], args, env) //nolint:gosec // the operator's command
}

// onlyWriteTo enters a Landlock domain in which nothing but one folder, and /dev/null, may be changed; only that the local sockets
// which LibreOffice makes in /tmp, whatever it is told, may be removed there.
func onlyWriteTo(dir string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil //nolint:nilerr // an old kernel, or one without Landlock
	}
	writing := uint64(unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM)
	if version >= 2 {
		writing |= unix.LANDLOCK_ACCESS_FS_REFER // a domain without a word on it forbids moving files from folder to folder
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: writing}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		size += unsafe.Sizeof(attr.Handled_access_net)
	}
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make a Landlock domain: %w", errno)
	}
	for path, allowed := range map[string]uint64{
		dir: writing, os.DevNull: unix.LANDLOCK_ACCESS_FS_WRITE_FILE, "/tmp": unix.LANDLOCK_ACCESS_FS_REMOVE_FILE,
	} {
		if path == "" {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		beneath := unix.LandlockPathBeneathAttr{Allowed_access: allowed, Parent_fd: int32(f.Fd())} //nolint:gosec // a descriptor
		_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&beneath)), 0, 0, 0)
		_ = f.Close() // the rule holds without it
		if errno != 0 {
			return fmt.Errorf("allow writing to %s: %w", path, errno)
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return fmt.Errorf("enter the Landlock domain: %w", errno)
	}
	return unix.Close(int(rules))
}

// endGroup ends a program with all processes that it has started.
func endGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
