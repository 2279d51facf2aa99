package store

import (
	"os"
	"syscall"
	"unsafe"
)

// Guard checks nothing: the access control lists of Windows, which say who may replace a
// directory, are not read.
func Guard(string) (warning string, err error) { return "", nil }

func writable(string) error { return nil }

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// tryLock locks a byte beyond the end of the file, next to the one that bbolt locks: a process
// cannot lock a byte twice. It returns errLocked if another process has the lock.
func tryLock(file *os.File) error {
	const exclusiveAtOnce, violation = 3, syscall.Errno(33) // ERROR_LOCK_VIOLATION
	at := syscall.Overlapped{Offset: 1<<32 - 2, OffsetHigh: 1<<32 - 1}
	ok, _, err := lockFileEx.Call(file.Fd(), exclusiveAtOnce, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return nil
	case err == violation:
		return errLocked
	}
	return err
}
