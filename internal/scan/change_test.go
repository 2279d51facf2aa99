package scan_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// during scans logs and does something when the first failure is met.
func during(t *testing.T, o scan.Options, args []string, do func()) report.Report {
	t.Helper()
	done := false
	o.Cores = 1
	return scan.Scan(t.Context(), find(args...), func() *matchers.Set {
		if !done {
			done = true
			do()
		}
		return builtin(t)
	}, o)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A log that changes while it is read is read as far as can be, and what is
// missing is said; the others are read whole.
func TestChanges(t *testing.T) {
	long := hour(1) + strings.Repeat(ordinary(t0.Add(2*time.Hour)), 20_000) + hour(2)
	tests := []struct {
		name     string
		do       func(t *testing.T, path string)
		problem  string
		failures int
	}{
		{"it grows", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteString(hour(7))
			must(t, err)
			must(t, f.Close())
		}, "it grew while it was read: everything after byte ", 2},
		{"it shrinks", func(t *testing.T, path string) { must(t, os.Truncate(path, 1000)) },
			"it shrank while it was read: the removed part is missing from this report", 1},
		{"it is renamed", func(t *testing.T, path string) { must(t, os.Rename(path, path+".1")) }, "", 2},
		{"it is removed", func(t *testing.T, path string) { must(t, os.Remove(path)) }, "", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := testkit.Write(t, filepath.Join(dir, "n1", "atlassian-jira.log.1"), long)
			other := testkit.Write(t, filepath.Join(dir, "n1", "atlassian-jira.log"), hour(3)) // it is read afterwards
			o := options()
			o.Chunk = 64 << 10
			r := during(t, o, []string{path, other}, func() { tt.do(t, path) })
			first, second := r.Files[0], r.Files[1]
			if !strings.HasPrefix(first.Problem, tt.problem) || (first.Problem == "") != (tt.problem == "") || second.Problem != "" ||
				r.Failures != tt.failures+1 || r.Complete != (tt.problem == "") {
				t.Errorf("%d failures, complete %v, files %+v", r.Failures, r.Complete, r.Files)
			}
		})
	}
}

// A rotation between finding and reading changes names and nothing else; what
// it takes away is said.
func TestRotatesBefore(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "atlassian-jira.log")
	testkit.Write(t, log, hour(3))
	testkit.Write(t, log+".1", hour(2))
	testkit.Write(t, log+".2.gz", testkit.Gzip(hour(1)))
	o := options()
	logs := find(dir)
	must(t, os.Rename(log+".2.gz", log+".3.gz"))
	must(t, os.Rename(log+".1", log+".2"))
	must(t, os.Rename(log, log+".1"))
	testkit.Write(t, log, hour(4))
	r := reportOn(t, o, logs)
	if r.Failures != 3 || !r.Complete {
		t.Errorf("%d failures, files %+v", r.Failures, r.Files)
	}
	logs = find(dir)
	must(t, os.Remove(log+".2"))
	r = reportOn(t, o, logs)
	if r.Failures != 3 || r.Complete || r.Files[1].Problem != "it was removed before it was read" {
		t.Errorf("%d failures, files %+v", r.Failures, r.Files)
	}
}

// What is packed and damaged is read up to the damage.
func TestDamaged(t *testing.T) {
	text := hour(1) + strings.Repeat(ordinary(t0.Add(2*time.Hour)), 5000) + hour(2)
	whole := testkit.Gzip(text)
	sum := []byte(whole)
	sum[len(sum)-8] ^= 1
	stored := []byte(zipped(t, "n1/log/atlassian-jira.log", text, "n2/log/atlassian-jira.log", hour(3)))
	stored[200] ^= 0xff
	tests := []struct {
		name, file, text, problem string
		failures                  int
	}{
		{"cut off", "a.gz", whole[:len(whole)/2], "it is damaged: it ends too early", 1},
		{"the checksum is wrong", "a.gz", string(sum), "it is damaged: gzip: invalid checksum", 2},
		{"something behind its end", "a.gz", whole + "rest", "it is damaged: ", 2},
		{"two in one", "a.gz", whole + testkit.Gzip(hour(3)), "", 3},
		{"a member of a zip", "a.zip", string(stored), "it is damaged: ", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := testkit.Write(t, filepath.Join(t.TempDir(), tt.file), tt.text)
			r := scanned(t, options(), path)
			if got := r.Files[0].Problem; !strings.HasPrefix(got, tt.problem) || (got == "") != (tt.problem == "") || r.Failures != tt.failures &&
				tt.name != "a member of a zip" || r.Failures < tt.failures {
				t.Errorf("%d failures, want %d; files %+v", r.Failures, tt.failures, r.Files)
			}
		})
	}
}

// Stopping gives a report of what was read, which says that it is not whole.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	a := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log.1"), hour(1)+strings.Repeat(ordinary(t0.Add(2*time.Hour)), 20_000)+hour(2))
	b := testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"), hour(3))
	o := options()
	o.Cores, o.Chunk = 1, 64<<10
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	r := scan.Scan(ctx, find(a, b), func() *matchers.Set {
		if calls++; calls == 1 {
			stop()
		}
		return builtin(t)
	}, o)
	if r.Complete || !strings.HasPrefix(r.Files[0].Problem, "the scan was stopped: everything after byte ") ||
		r.Files[1].Problem != "the scan was stopped: everything after byte 0 is missing from this report" {
		t.Errorf("files %+v", r.Files)
	}
	ctx, stop = context.WithCancel(t.Context())
	stop()
	never, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	stdin := logfiles.Find([]string{"-"}, logfiles.Options{Stdin: never})
	if r := scan.Scan(ctx, stdin, func() *matchers.Set { return builtin(t) }, o); r.Complete {
		t.Errorf("files %+v", r.Files)
	}
}

// Since and until leave out what was before and behind, and an incident counts
// as it stood then.
func TestSinceUntil(t *testing.T) {
	var text string
	for i := range 60 {
		text += failure(t0.Add(time.Duration(i)*time.Hour), 1, badSecret)
	}
	path := testkit.Write(t, filepath.Join(t.TempDir(), "atlassian-jira.log"), text)
	o := options()
	o.Since, o.Until = t0.Add(10*time.Hour), t0.Add(20*time.Hour)
	r := scanned(t, o, path)
	if len(r.Incidents) != 1 {
		t.Fatalf("%d incidents", len(r.Incidents))
	}
	i := r.Incidents[0]
	if f := i.Data.Failures; f.Count != 11 || !f.First.Equal(o.Since) || !f.Last.Equal(o.Until) || !i.Open || !r.Since.Equal(o.Since) ||
		!r.Until.Equal(o.Until) || !r.To.Equal(t0.Add(59*time.Hour)) {
		t.Errorf("%+v, open %v, %v to %v", f, i.Open, r.From, r.To)
	}
	o.Since, o.Until = t0.Add(100*time.Hour), time.Time{}
	if r := scanned(t, o, path); r.Failures != 0 || !r.Complete {
		t.Errorf("behind the end: %d failures", r.Failures)
	}
}

// One integration that fails on two nodes is one incident, with both.
func TestNodes(t *testing.T) {
	dir := t.TempDir()
	a := testkit.Write(t, filepath.Join(dir, "n1", "atlassian-jira.log"), failure(t0, 1, badSecret)+failure(t0.Add(3*time.Hour), 1, badTLS))
	b := testkit.Write(t, filepath.Join(dir, "n2", "atlassian-jira.log"), failure(t0.Add(time.Hour), 1, badSecret)+failure(t0.Add(2*time.Hour), 1, badSecret))
	for _, args := range [][]string{{a, b}, {b, a}} {
		r := scanned(t, options(), args...)
		if len(r.Incidents) != 1 {
			t.Fatalf("%d incidents", len(r.Incidents))
		}
		i := r.Incidents[0]
		if strings.Join(i.Nodes, " ") != "n1 n2" || i.Data.Node != "n1" || i.Data.Failures.Count != 4 || len(i.Causes) != 2 || i.Causes[0].Failures != 3 ||
			i.Data.Cause.ID != i.Causes[1].Cause || i.Data.Log.Path != a {
			t.Errorf("%+v", i)
		}
	}
}

// Logs that overlap in time are merged by it, also those whose node nobody
// knows, and a log with its rotated files under any name is one.
func TestOverlap(t *testing.T) {
	dir := t.TempDir()
	early := failure(t0.Add(time.Hour), 1, badSecret) + failure(t0.Add(30*time.Hour), 1, badSecret)
	late := ordinary(t0) + failure(t0.Add(10*time.Hour), 1, badTLS) + failure(t0.Add(20*time.Hour), 1, badTLS)
	for name, files := range map[string][]string{
		"logs in a directory": {testkit.Write(t, filepath.Join(dir, "a.log"), early), testkit.Write(t, filepath.Join(dir, "b.log"), late)},
		"support zips": {testkit.Write(t, filepath.Join(dir, "Jira_support_1.zip"), zipped(t, "log/atlassian-jira.log", early)),
			testkit.Write(t, filepath.Join(dir, "Jira_support_2.zip"), zipped(t, "log/atlassian-jira.log", late))},
		"folders of no node": {testkit.Write(t, filepath.Join(dir, "x", "log", "atlassian-jira.log"), early),
			testkit.Write(t, filepath.Join(dir, "y", "log", "atlassian-jira.log"), late)},
	} {
		for range 2 {
			r := scanned(t, options(), files...)
			if len(r.Incidents) != 1 || !r.Complete {
				t.Fatalf("%s: %d incidents, %+v", name, len(r.Incidents), r.Files)
			}
			i := r.Incidents[0]
			if f := i.Data.Failures; f.Count != 4 || !f.First.Equal(t0.Add(time.Hour)) || !f.Last.Equal(t0.Add(30*time.Hour)) ||
				i.Data.Cause.ID != "entra-client-secret-invalid" {
				t.Errorf("%s: %+v, %s", name, f, i.Data.Cause.ID)
			}
			files[0], files[1] = files[1], files[0]
		}
	}
	// Read as two logs, the second one's clock, which goes back, would decide.
	older := testkit.Write(t, filepath.Join(dir, "c.log.1"), failure(t0.Add(2*time.Hour), 1, badSecret))
	younger := testkit.Write(t, filepath.Join(dir, "c.log"), failure(t0.Add(2*time.Hour+time.Second), 1, badSecret)+failure(t0.Add(time.Hour), 1, badTLS))
	r := scanned(t, options(), younger, older)
	if len(r.Incidents) != 1 || r.Incidents[0].Data.Cause.ID != "tls-certificate-untrusted" || r.Files[0].Path != older || r.Files[1].Path != younger {
		t.Errorf("%+v, %+v", r.Files, r.Incidents)
	}
}
