package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// output is where a report goes: streamed, or into a file that is written completely or
// not at all.
type output struct {
	io.Writer
	file *os.File // next to path, until it is whole
	path string
}

// outputTo opens the output; "" and "-" are out. A file that holds is true for
// is not overwritten. A link is refused: in a directory that others may write,
// it would choose which file of this user is replaced.
func outputTo(path string, out io.Writer, holds func(os.FileInfo) bool) (*output, error) {
	if path == "" || path == "-" {
		return &output{Writer: out}, nil
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // the next step says why it cannot be made
	case err != nil:
		return nil, usage("-o %s: %w", path, reason(err, "run this as a user with write permission"))
	case info.Mode()&fs.ModeSymlink != 0 && !isKernelName(path):
		return nil, usage("-o %s is a link, name the file that it points to", path)
	case info.IsDir():
		return nil, usage("-o %s is a directory, name a file", path)
	case holds(info):
		return nil, usage("-o %s is one of the logs that are read, name another file", path)
	case !info.Mode().IsRegular(): // a device or a pipe
		flags := os.O_WRONLY
		if !isKernelName(path) {
			flags |= noFollow // it may have become a link
		}
		file, err := os.OpenFile(path, flags, 0)
		if err != nil {
			return nil, usage("-o %s: %w", path, reason(err, "run this as a user with write permission"))
		}
		return &output{Writer: file}, nil
	}
	// CreateTemp takes a new name (O_EXCL, 0600), so that it cannot be a link.
	// What kill -9 leaves is recognized by its name.
	file, err := os.CreateTemp(filepath.Dir(path), ".jira-oauth-watcher-report-*.tmp")
	if err != nil {
		return nil, usage("-o %s: %w", path, reason(err, "run this as a user with write permission"))
	}
	return &output{Writer: file, file: file, path: path}, nil
}

// isKernelName reports whether a link is one of the kernel's names for an open file of
// the process, such as /dev/stdout, or /dev/fd/63 for a shell's >(...).
func isKernelName(path string) bool {
	path, err := filepath.Abs(path)
	device := strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/dev/shm/")
	return err == nil && (device || strings.HasPrefix(path, "/proc/"))
}

// commit puts the file in its place.
func (o *output) commit() error {
	if o.file == nil {
		return nil
	}
	err := cmp.Or(o.file.Sync(), o.file.Close())
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		return fmt.Errorf("the report was not written: %w", reason(err, "run this as a user with write permission"))
	}
	o.file = nil
	if dir, err := os.Open(filepath.Dir(o.path)); err == nil { // so that the name survives a power failure
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// abandon removes what was not committed.
func (o *output) abandon() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
	}
}
