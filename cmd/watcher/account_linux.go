package main

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// become runs f on a thread that has the user's rights to files, and nothing else of the user.
// Only root can do that. The thread ends with f, so that no other code gets these rights.
func become(a account, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		if _, _, failed := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(a.gids)),
			uintptr(unsafe.Pointer(unsafe.SliceData(a.gids))), 0); failed != 0 {
			done <- os.NewSyscallError("setgroups", failed)
			return
		}
		var now uintptr
		for range 2 { // the answer is what was set before
			syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(a.gid), 0, 0)
			now, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(a.uid), 0, 0)
		}
		if int(now) != a.uid {
			done <- os.NewSyscallError("setfsuid", syscall.EPERM)
			return
		}
		done <- f()
	}()
	return <-done
}

// groupOf is the number of the group of a file, -1 if there is no such file, and its permissions.
func groupOf(file string) (gid int, mode os.FileMode) {
	info, err := os.Stat(file)
	if err != nil {
		return -1, 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, 0
	}
	return int(stat.Gid), info.Mode()
}
