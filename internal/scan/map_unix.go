//go:build unix

package scan

import (
	"os"
	"syscall"
)

// mapped maps a part of a file into memory.
func mapped(file *os.File, from int64, size int) ([]byte, error) {
	return syscall.Mmap(int(file.Fd()), from, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmapped(mapping []byte) { _ = syscall.Munmap(mapping) }
