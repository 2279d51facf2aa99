package scan_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/testkit"
)

// zipped is a zip with files, by name.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hour is a log of one failure in an hour after t0.
func hour(n int) string {
	at := t0.Add(time.Duration(n) * time.Hour)
	return ordinary(at) + failure(at.Add(time.Minute), n, badSecret) + ordinary(at.Add(2*time.Minute))
}

// access is an access log of one request some hours after t0.
func access(hours int) string {
	return requested(t0.Add(time.Duration(hours)*time.Hour), "1x1x1", "-", "GET /")
}

// files says of each file of a report its node, path and problem.
func files(r report.Report, dir string) (list []string) {
	for _, f := range r.Files {
		path, _ := filepath.Rel(dir, f.Path)
		s := f.Node + " " + filepath.ToSlash(path)
		if f.Problem != "" {
			s += ": " + f.Problem
		}
		list = append(list, s)
	}
	return list
}

// What arguments mean: which files, in which order, and whose.
func TestFind(t *testing.T) {
	const log = "atlassian-jira.log"
	noOrder := ordinary(t0)
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		want  []string
	}{
		{"a directory: its log and all rotated files, oldest first", map[string]string{
			"log/" + log: hour(12), "log/" + log + ".1": hour(11), "log/" + log + ".2": hour(10), "log/" + log + ".10": hour(2), "log/" + log +
				".9.gz": testkit.Gzip(hour(3)),
			"log/atlassian-jira-security.log": hour(1), "log/atlassian-jira.log.bak": hour(1), "log/catalina.out": hour(1), "log/atlassian-jira.logx": hour(1),
		}, []string{"log"}, []string{"here log/" + log + ".10", "here log/" + log + ".9.gz", "here log/" + log + ".2", "here log/" + log + ".1",
			"here log/" + log}},
		{"dates", map[string]string{
			"log/" + log: hour(9), "log/" + log + ".2026-01-02": hour(1), "log/" + log + "-20260103.gz": testkit.Gzip(hour(4)),
			"log/atlassian-jira-2026-01-04.log": hour(7),
		}, []string{"log"}, []string{"here log/" + log + ".2026-01-02", "here log/" + log + "-20260103.gz", "here log/atlassian-jira-2026-01-04.log",
			"here log/" + log}},
		{"files of a glob, in any order", map[string]string{log: hour(3), log + ".1": hour(2), log + ".10": hour(1)},
			[]string{log, log + ".1", log + ".10"}, []string{"here " + log + ".10", "here " + log + ".1", "here " + log}},
		{"names decide where times do not", map[string]string{"log/" + log: noOrder, "log/" + log + ".1": noOrder, "log/" + log + ".2": noOrder, "log/" +
			log + ".10": noOrder}, []string{"log"},
			[]string{"here log/" + log + ".10", "here log/" + log + ".2", "here log/" + log + ".1", "here log/" + log}},
		{"dates decide where times do not", map[string]string{"log/" + log: noOrder, "log/" + log + ".2026-01-02": noOrder, "log/" + log +
			".2025-12-31": noOrder}, []string{"log"},
			[]string{"here log/" + log + ".2025-12-31", "here log/" + log + ".2026-01-02", "here log/" + log}},
		{"a packed file next to its plain one", map[string]string{"log/" + log + ".1": hour(1), "log/" + log + ".1.gz": "\x1f\x8b\x08"}, []string{"log"},
			[]string{"here log/" + log + ".1"}},
		{"several nodes", map[string]string{"n1/log/" + log: hour(1), "n2/log/" + log: hour(2)}, []string{"n1/log", "n2/log"},
			[]string{"n1 n1/log/" + log, "n2 n2/log/" + log}},
		{"the directory above them", map[string]string{"case/n1/log/" + log: hour(1), "case/n2/home/logs/" + log: hour(2), "case/.git/" + log: hour(3)},
			[]string{"case"},
			[]string{"n1 case/n1/log/" + log, "n2 case/n2/home/logs/" + log}},
		{"a log named twice", map[string]string{"n1/" + log: hour(1)}, []string{"n1/" + log, "n1", "./n1/" + log, "n1/../n1"}, []string{"n1 n1/" + log}},
		{"a support zip", map[string]string{"c/Jira_support_2026-01-05.zip": zipped(t, "application-logs/"+log, hour(2), "application-logs/"+log+".1",
			hour(1), "application-logs/atlassian-jira-sql.log", hour(5), "other/"+log, hour(0), "tomcat-logs/catalina.out", hour(0))},
			[]string{"c/Jira_support_2026-01-05.zip"}, []string{"c c/Jira_support_2026-01-05.zip!application-logs/" + log + ".1",
				"c c/Jira_support_2026-01-05.zip!application-logs/" + log}},
		{"all logs that tell of integrations, each kind in its folder", map[string]string{"c/Jira_support_1.zip": zipped(t,
			"application-logs/"+log, hour(1), log, hour(0),
			"application-logs/atlassian-jira-incoming-mail.log.1", stamp(t0)+" INFO [] x y z\n", "application-logs/atlassian-jira-http-access.log", access(5),
			"tomcat-logs/access_log.2026-01-04", access(48), "tomcat-logs/access_log.2026-01-03.gz", testkit.Gzip(access(24)),
			"tomcat-logs/localhost_access_log.2026-01-03.txt", "nothing\n", "tomcat-logs/access_logger.xml", "x", "x/access_log.2026-01-01", access(1))},
			[]string{"c"}, []string{"c c/Jira_support_1.zip!application-logs/" + log,
				"c c/Jira_support_1.zip!application-logs/atlassian-jira-incoming-mail.log.1", "c c/Jira_support_1.zip!application-logs/atlassian-jira-http-access.log",
				"c c/Jira_support_1.zip!tomcat-logs/access_log.2026-01-03.gz", "c c/Jira_support_1.zip!tomcat-logs/access_log.2026-01-04",
				"c c/Jira_support_1.zip!tomcat-logs/localhost_access_log.2026-01-03.txt: it has no line in the format of a Jira log"}},
		{"zips of nodes", map[string]string{
			"Jira_node-a_support_2026.zip": zipped(t, "log/"+log, hour(1)), "n2.zip": zipped(t, log, hour(2)),
			"x.zip": zipped(t, "n3/log/"+log+".1.gz", testkit.Gzip(hour(3))), "y.zip": zipped(t, `n4\log\`+log, hour(4)),
		}, []string{"Jira_node-a_support_2026.zip", "n2.zip", "x.zip", "y.zip"},
			[]string{"node-a Jira_node-a_support_2026.zip!log/" + log, "n2 n2.zip!" + log, "n3 x.zip!n3/log/" + log + ".1.gz", "n4 y.zip!n4/log/" + log}},
		{"support zips in a directory", map[string]string{"n1/Jira_support_1.zip": zipped(t, log, hour(1)), "n1/backup.zip": "x"}, []string{"n1"},
			[]string{"n1 n1/Jira_support_1.zip!" + log}},
		{"a packed log under any name", map[string]string{"n1/old": testkit.Gzip(hour(1))}, []string{"n1/old"}, []string{"n1 n1/old"}},
		{"what cannot be read", map[string]string{
			"empty/x": "", "bin": "\x7fELF\x00\x00\x00", "utf16": "\xff\xfe2\x000\x002\x006\x00", "zst": "\x28\xb5\x2f\xfd0000",
			"other.log": "Feb 1 something\nelse\n", "nolog.zip": zipped(t, "readme", "x"),
			"bad.zip": "PK\x03\x04 is no zip", "tar": strings.Repeat("x", 257) + "ustar" + strings.Repeat("\x00", 250), "zero": "",
		}, []string{"nosuch", "empty", "bin", "utf16", "zst", "other.log", "nolog.zip", "bad.zip", "tar", "zero"}, []string{
			"here nosuch: there is no such file", "here empty: it contains no atlassian-jira.log", "here bin: it is a binary file, not a log",
			"here utf16: it is UTF-16 text: save it as UTF-8 first",
			"here zst: it is compressed with zstd: unpack it first", "here other.log: it has no line in the format of a Jira log",
			"here nolog.zip: it contains no atlassian-jira.log",
			"here bad.zip: it is damaged: zip: not a valid zip file", "here tar: it is a tar archive: unpack it first", "here zero",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			for name, text := range tt.files {
				path := testkit.Write(t, name, text)
				if err := os.Chtimes(path, t0, t0); err != nil {
					t.Fatal(err)
				}
			}
			r := scanned(t, options(), tt.args...)
			if got := files(r, "."); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("scan %q\n got %s\nwant %s", tt.args, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
			if r.Complete == strings.Contains(fmt.Sprint(tt.want), ": ") {
				t.Errorf("complete: %v", r.Complete)
			}
			for _, i := range r.Incidents {
				if i.Data.Failures.Count != 1 {
					t.Errorf("%s was read %d times", i.Data.ID, i.Data.Failures.Count)
				}
			}
		})
	}
}

// Rotated files are read oldest first; what failed last comes first in the report.
func TestOrderOfTime(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{".3.gz", ".2", ".1", ""} {
		text := hour(i)
		if strings.HasSuffix(name, ".gz") {
			text = testkit.Gzip(text)
		}
		testkit.Write(t, filepath.Join(dir, "atlassian-jira.log"+name), text)
	}
	r := scanned(t, options(), dir)
	var flows []string
	for _, i := range r.Incidents {
		flows = append(flows, i.Data.Integration.ID)
	}
	if want := []string{flowID(3), flowID(2), flowID(1), flowID(0)}; !reflect.DeepEqual(flows, want) || !r.Complete || r.Failures != 4 {
		t.Errorf("got %q, complete %v", flows, r.Complete)
	}
	if !r.From.Equal(t0) || !r.To.Equal(t0.Add(3*time.Hour+2*time.Minute)) {
		t.Errorf("from %v to %v", r.From, r.To)
	}
}

// A pipe that a shell has made is read; one that nobody writes to is not waited
// for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if r := scanned(t, options(), path); !r.Complete || len(r.Files) != 1 || r.Files[0].Bytes != 0 {
		t.Errorf("a pipe without a writer: %+v", r.Files)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		w.WriteString(testkit.Gzip(hour(1)))
		w.Close()
	}()
	if r := scanned(t, options(), fmt.Sprintf("/dev/fd/%d", r.Fd())); !r.Complete || r.Failures != 1 {
		t.Errorf("a pipe: %+v", r)
	}
}

// Standard input is a log, packed or not.
func TestStdin(t *testing.T) {
	for text, want := range map[string]string{
		hour(1): "", testkit.Gzip(hour(1)): "", zipped(t, "log/atlassian-jira.log", hour(1)): "it is a zip: save it as a file first", "": "",
		testkit.Gzip(hour(1))[:60]: "it is damaged: it ends too early", "\x1f\x8b": "it is damaged: it ends too early",
		"\x00\x01": "it is a binary file, not a log",
	} {
		stdin := logfiles.Options{Node: "here", Stdin: strings.NewReader(text)}
		r := reportOn(t, options(), logfiles.Find([]string{"-", "-"}, stdin))
		if len(r.Files) != 1 || r.Files[0].Problem != want || r.Files[0].Path != "standard input" || want == "" && r.Failures != min(len(text), 1) {
			t.Errorf("%.20q: %+v, %d failures, want %q", text, r.Files, r.Failures, want)
		}
	}
}

// What several files have counts once; what one file has twice, twice.
func TestFailuresInSeveralFiles(t *testing.T) {
	const log = "atlassian-jira.log"
	twice := hour(1) + failure(t0.Add(2*time.Hour), 2, badSecret) + failure(t0.Add(2*time.Hour), 2, badSecret) + hour(3)
	cutOff := twice + strings.TrimSuffix(failure(t0.Add(4*time.Hour), 4, badSecret), "\n")
	whole := cutOff + "\n\tat a.b.C(D.java:1)\n" + hour(5)
	for _, tt := range []struct {
		name  string
		files map[string]string
		args  []string
		want  int
	}{
		{"alone", map[string]string{"log/" + log: twice}, []string{"log"}, 4},
		{"a directory and a zip of it", map[string]string{"log/" + log: whole, "x.zip": zipped(t, "application-logs/"+log, cutOff)},
			[]string{"log", "x.zip"}, 6},
		{"a zip and a directory", map[string]string{"log/" + log: twice, "x.zip": zipped(t, "application-logs/"+log, twice)}, []string{"x.zip", "log"}, 4},
		{"two zips, one older", map[string]string{"a.zip": zipped(t, "application-logs/"+log, cutOff), "b.zip": zipped(t, "application-logs/"+log, whole)},
			[]string{"a.zip", "b.zip"}, 6},
		{"a file, its directory and a copy", map[string]string{"log/" + log: twice, "copy/" + log: twice}, []string{"log/" + log, "log", "copy"}, 4},
		{"three copies", map[string]string{"a/" + log: twice, "b/" + log: twice, "c/" + log: twice}, []string{"a", "b", "c"}, 4},
		{"a rotated file and a packed copy", map[string]string{log + ".1": twice, log + ".2.gz": testkit.Gzip(twice)}, []string{log + ".1", log + ".2.gz"}, 4},
		{"a zip in which rotation came between", map[string]string{"log/" + log: hour(6), "log/" + log + ".1": whole,
			"x.zip": zipped(t, "application-logs/"+log, whole)}, []string{"log", "x.zip"}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, text := range tt.files {
				testkit.Write(t, name, text)
			}
			if r := scanned(t, options(), tt.args...); r.Failures != tt.want {
				t.Errorf("%d failures, want %d", r.Failures, tt.want)
			}
		})
	}
}
