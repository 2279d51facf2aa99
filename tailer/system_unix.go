//go:build unix

package tailer

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Open opens a file for reading. Other programs can rename and remove it meanwhile, on Windows,
// too. It does not wait for the writer of a pipe.
func Open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) }

// stat is os.Stat, and what identifies the file.
func stat(path string) (fs.FileInfo, ident, error) { return identified(os.Stat(path)) }

func statOpen(f *os.File) (fs.FileInfo, ident, error) { return identified(f.Stat()) }

func identified(fi fs.FileInfo, err error) (fs.FileInfo, ident, error) {
	if err != nil {
		return nil, ident{}, err
	}
	st := fi.Sys().(*syscall.Stat_t)
	return fi, ident{uint64(st.Dev), st.Ino}, nil
}
