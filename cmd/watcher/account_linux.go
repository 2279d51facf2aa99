package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// become runs f with a user's rights to files. For another user, which only root can do, that is
// on a thread that has these rights and nothing else of the user. It ends with f, so that no
// other code gets them.
func become(a account, f func() error) error {
	if !a.other {
		return f()
	}
	uid, _ := strconv.Atoi(a.Uid)
	gid, _ := strconv.Atoi(a.Gid)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_, _, failed := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(a.gids)),
			uintptr(unsafe.Pointer(unsafe.SliceData(a.gids))), 0)
		syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(gid), 0, 0)
		syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0)
		now, _, _ := syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0) // it answers what was set before
		if failed != 0 || int(now) != uid {
			done <- fmt.Errorf("not allowed to check the access of user %s", a.Username)
			return
		}
		done <- f()
	}()
	return <-done
}

// groupOf is the number of the group of a file, and its permissions; zero if there is no such file.
func groupOf(file string) (gid uint32, mode os.FileMode) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0
	}
	return info.Sys().(*syscall.Stat_t).Gid, info.Mode()
}
