package scan_test

import (
	"path/filepath"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// FuzzZip: whatever a zip is, reading it ends with a report.
func FuzzZip(f *testing.F) {
	f.Add([]byte(zipped(f, "log/atlassian-jira.log", hour(1), "log/atlassian-jira.log.1.gz", testkit.Gzip(hour(2)))))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<20 {
			return
		}
		name := testkit.Write(t, filepath.Join(t.TempDir(), "x.zip"), string(text))
		if r := scanned(t, options(), name); len(r.Files) == 0 {
			t.Errorf("no word about the file")
		}
	})
}

// FuzzCut: a report is the same wherever the log is cut into pieces.
func FuzzCut(f *testing.F) {
	f.Add(hour(1)+"\tat oauth2\r\n\n"+hour(2), int64(100))
	f.Add("2026-01-02 10:00:00 x ERROR oauth2\n", int64(1))
	f.Fuzz(func(t *testing.T, text string, piece int64) {
		if len(text) > 100_000 {
			return
		}
		name := testkit.Write(t, filepath.Join(t.TempDir(), "x.log"), text)
		o := options()
		o.Cores, o.Chunk = 1, 1<<30
		want := asJSON(t, scanned(t, o, name))
		o.Cores, o.Chunk = 3, max(piece&0xffff, int64(len(text)/500), 1)
		if got := asJSON(t, scanned(t, o, name)); got != want {
			t.Errorf("%q in pieces of %d: %s", text, o.Chunk, testkit.Differ(got, want))
		}
	})
}
