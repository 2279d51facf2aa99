//go:build unix

package java

import (
	"os"
	"syscall"
)

// owner is the user that a file belongs to, -1 if it cannot be seen.
func owner(path string) int {
	if info, err := os.Stat(path); err == nil {
		return int(info.Sys().(*syscall.Stat_t).Uid)
	}
	return -1
}
