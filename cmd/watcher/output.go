package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// output is where a report goes: as it comes, or into a file that is there
// whole or not at all.
type output struct {
	io.Writer
	file *os.File // beside path, until it is whole
	path string
}

// outputTo opens the output; "" and "-" are out. What logs hold is not
// overwritten.
func outputTo(path string, out io.Writer, holds func(os.FileInfo) bool) (*output, error) {
	if path == "" || path == "-" {
		return &output{Writer: out}, nil
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	}
	info, err := os.Stat(path)
	switch {
	case err != nil: // it is not there yet, or the next step says why it cannot be
	case info.IsDir():
		return nil, usage("-o %s is a directory, name a file", path)
	case holds(info):
		return nil, usage("-o %s is one of the logs that are read, name another file", path)
	case !info.Mode().IsRegular(): // such as /dev/null
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, usage("-o %s: %w", path, reason(err, "run this as a user who may write it"))
		}
		return &output{Writer: file}, nil
	}
	file, err := os.OpenFile(fmt.Sprintf("%s.%d.tmp", path, os.Getpid()), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, usage("-o %s: %w", path, reason(err, "run this as a user who may write it"))
	}
	return &output{Writer: file, file: file, path: path}, nil
}

// terminal is what the report is written to, if that can be a terminal.
func (o *output) terminal() io.Writer {
	if o.file != nil {
		return io.Discard
	}
	return o.Writer
}

// commit puts the file in its place.
func (o *output) commit() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Sync()
	if closing := o.file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		return fmt.Errorf("the report was not written: %w", reason(err, "run this as a user who may write it"))
	}
	o.file = nil
	if dir, err := os.Open(filepath.Dir(o.path)); err == nil { // the name is to survive a power failure too
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
