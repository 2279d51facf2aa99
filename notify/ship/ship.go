// Package ship writes failures as log records of OpenTelemetry, one JSON object per line.
package ship

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// Notifier appends failures to a file.
type Notifier struct {
	file string
	out  io.Writer
}

// New returns a notifier that appends to a file or, if that is conf.Stdout, writes to out. It opens
// nothing: the file is opened for each Send, so that it can be rotated at any time.
func New(file string, out io.Writer) *Notifier { return &Notifier{file, out} }

// Send writes failures, in one piece. When it returns without an error, a file has them on its disk.
func (n *Notifier) Send(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	var lines bytes.Buffer
	for _, one := range append([]notify.Delivery{d}, d.More...) {
		if err := json.NewEncoder(&lines).Encode(recordOf(one)); err != nil {
			return nil, &notify.Error{Err: err}
		}
	}
	if n.file == conf.Stdout {
		if _, err := n.out.Write(lines.Bytes()); err != nil {
			return nil, &notify.Error{Err: fmt.Errorf("writing to standard output: %w", err)}
		}
		return nil, nil
	}
	if err := appendTo(n.file, lines.Bytes()); err != nil {
		return nil, &notify.Error{Err: fmt.Errorf("%s: %w", n.file, text.WithoutPath(err))}
	}
	return nil, nil
}

// appendTo appends whole lines to a file, which it makes if it is missing, and syncs it. What is
// written when there is an error, such as for a full disk, is removed. A partial line at the end, of
// a process that was killed, becomes a line.
func appendTo(path string, lines []byte) (err error) {
	before, missing := os.Stat(path) // before it is opened: a pipe would block
	if missing == nil && !before.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if errors.Is(missing, fs.ErrNotExist) {
		if err := f.Chmod(0o640); err != nil { // whatever the unit's UMask: other programs read it
			return err
		}
		syncDirectory(filepath.Dir(path))
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if end := make([]byte, 1); info.Size() > 0 {
		if _, err := f.ReadAt(end, info.Size()-1); err != nil {
			return err
		}
		if end[0] != '\n' {
			lines = append([]byte("\n"), lines...)
		}
	}
	if _, err = f.Write(lines); err == nil {
		err = f.Sync()
	}
	if err != nil {
		err = errors.Join(err, f.Truncate(info.Size()))
	}
	return err
}

// syncDirectory makes the entry of a new file durable, where the system can do so.
func syncDirectory(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
