package tailer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// Lag is what is written and not delivered, over rotations, and is known also
// while nobody asks for lines.
func TestLag(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jira.log")
	line := append(bytes.Repeat([]byte("x"), 99), '\n')
	first := bytes.Repeat(line, 6000)
	os.WriteFile(path, first, 0o600)
	f := tailer.Follow(path, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Poll: 5 * time.Millisecond})
	defer f.Close()
	lags := func(want int) {
		t.Helper()
		testkit.Until(t, func() error {
			if got := f.Stats().Lag; got != int64(want) {
				return fmt.Errorf("lag %d, want %d", got, want)
			}
			return nil
		})
	}
	b, err := f.Block(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	rest := len(first) - len(b.Text)
	lags(rest)
	os.Rename(path, path+".1")
	os.WriteFile(path, bytes.Repeat(line, 7), 0o600)
	lags(rest + 700)
	for read := len(b.Text); read < len(first)+700; read += len(b.Text) {
		if b, err = f.Block(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	lags(0)
}
