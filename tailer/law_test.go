package tailer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// Whatever is written in whatever pieces, the lines and their ends are the bytes.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\r\rc"), uint8(3))
	f.Add([]byte("\r\n"), uint8(1))
	f.Add([]byte{0, '\n', 0xff}, uint8(2))
	dir := f.TempDir()
	n := 0
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		check(t, os.WriteFile(path, nil, 0o644))
		defer os.Remove(path)
		opt := tailer.Options{Start: tailer.Beginning, NoNotify: true}
		g := tailer.Follow(path, tailer.Position{}, opt)
		defer g.Close()
		var lines []line
		for rest := data; len(rest) > 0; {
			k := min(len(rest), int(chunk)+1)
			testkit.Append(t, path, string(rest[:k]))
			rest = rest[k:]
			lines = append(lines, drain(t, g)...)
		}
		opt.Once = true
		last := tailer.Follow(path, g.Position(), opt)
		defer last.Close()
		lines = append(lines, drain(t, last)...)
		joined(t, data, lines)
		joined(t, data, readAll(t, tailer.Stream(bytes.NewReader(data))))
	})
}

func joined(t *testing.T, data []byte, lines []line) {
	t.Helper()
	at := int64(0)
	for _, l := range lines {
		took := data[at:l.End.Offset]
		for _, end := range []string{"\n", "\r\n", ""} {
			if bytes.Equal(took, append(bytes.Clone(l.Text), end...)) {
				at = l.End.Offset
				break
			}
		}
		if at != l.End.Offset || bytes.IndexByte(l.Text, '\n') >= 0 {
			t.Fatalf("of %q the bytes %q became the line %q", data, took, l.Text)
		}
	}
	if at != int64(len(data)) {
		t.Fatalf("of %q only %d bytes came", data, at)
	}
}
