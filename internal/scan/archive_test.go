package scan_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/scan"
	"jira-oauth-watcher/internal/testkit"
)

// problems are what a report says of the logs it could not read whole, in the
// order of their names.
func problems(r report.Report) string {
	var all []string
	for _, f := range r.Files {
		if f.Problem != "" {
			all = append(all, filepath.Base(f.Path)+": "+f.Problem)
		}
	}
	return strings.Join(all, "\n")
}

// manyMembers is a zip of so many logs with a failure each, all of one node or
// each of its own.
func manyMembers(t testing.TB, n int, name string) string {
	t.Helper()
	var files []string
	for i := range n {
		at := t0.Add(time.Duration(i) * time.Minute)
		files = append(files, fmt.Sprintf(name, i), ordinary(at)+failure(at, i%50, badSecret)+ordinary(at))
	}
	return testkit.Write(t, filepath.Join(t.TempDir(), "Jira_support_1.zip"), zipped(t, files...))
}

// What a member of a zip costs does not grow with the number of members.
func TestMembersAreLinear(t *testing.T) {
	testkit.Pure(t)
	const few, many = 200, 2000
	for _, name := range []string{"log/atlassian-jira.log.%d", "n%d/log/atlassian-jira.log"} {
		cost := func(n int) uint64 {
			path := manyMembers(t, n, name)
			scanned(t, options(), path) // what is made once
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := scanned(t, options(), path)
			runtime.ReadMemStats(&after)
			if !r.Complete || r.Failures != n {
				t.Fatalf("%d failures of %d, complete %v", r.Failures, n, r.Complete)
			}
			return after.TotalAlloc - before.TotalAlloc
		}
		if a, b := cost(few), cost(many); b > 3*many/few*a {
			t.Errorf("%s: %d members allocate %d bytes, %d allocate %d", name, few, a, many, b)
		}
	}
}

// A zip that is made to overload its reader costs little, what is wrong is said
// of each log, and the others are reported.
func TestHostileZips(t *testing.T) {
	testkit.Pure(t)
	const header = "PK\x01\x02" // of an entry of the list of files
	two := func() []byte {
		return []byte(zipped(t, "log/atlassian-jira.log.1", hour(1), "log/atlassian-jira.log", hour(2)))
	}
	entry := func(b []byte, n int) []byte { // the nth entry
		for ; n >= 0; n-- {
			b = b[bytes.Index(b, []byte(header))+1:]
		}
		return b[3:]
	}
	var empty []string
	for i := range 50_001 {
		empty = append(empty, fmt.Sprint("x/", i), "")
	}
	tests := []struct {
		name     string
		zip      func() []byte
		problem  string
		failures int
	}{
		{"encrypted", func() []byte { b := two(); entry(b, 0)[4] |= 1; return b }, "atlassian-jira.log.1: it is encrypted: unpack the zip first", 1},
		{"wrong checksum", func() []byte { b := two(); entry(b, 0)[12] ^= 1; return b }, "atlassian-jira.log.1: it is damaged: zip: checksum error", 2},
		{"unknown method", func() []byte { b := two(); entry(b, 0)[6] = 99; return b },
			"atlassian-jira.log.1: it is compressed with a method that scan does not support: unpack the zip first", 1},
		{"overlapping", func() []byte { b := two(); copy(entry(b, 1)[38:42], entry(b, 0)[38:42]); return b },
			"atlassian-jira.log: it is damaged: it overlaps with another file in the zip", 1},
		{"too many files", func() []byte { return []byte(zipped(t, append(empty, "log/atlassian-jira.log", hour(1))...)) },
			"x.zip: it contains more than 50000 files: unpack it and scan the directory", 0},
		{"claims 2^32 files", func() []byte {
			b := two()
			end := bytes.LastIndex(b, []byte("PK\x05\x06"))
			large := append([]byte("PK\x06\x06"), make([]byte, 52)...)
			for _, at := range []int{24, 32} {
				binary.LittleEndian.PutUint64(large[at:], 1<<32)
			}
			locator := append([]byte("PK\x06\x07\x00\x00\x00\x00"), binary.LittleEndian.AppendUint64(nil, uint64(end))...)
			last := append([]byte("PK\x05\x06\x00\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 12)...)
			return bytes.Join([][]byte{b[:end], large, append(locator, 1, 0, 0, 0), append(last, 0, 0)}, nil)
		}, "x.zip: it contains more than 50000 files: unpack it and scan the directory", 0},
		{"names", func() []byte {
			return []byte(zipped(t, "../../../log/atlassian-jira.log", hour(1), "a\nb\x1b[31m/log/atlassian-jira.log.1", hour(2),
				"\u202ex/log/atlassian-jira.log", hour(3)))
		}, "", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scanned(t, options(), testkit.Write(t, filepath.Join(t.TempDir(), "x.zip"), string(tt.zip())))
			if got := problems(r); got != tt.problem || r.Failures != tt.failures || r.Complete != (tt.problem == "") {
				t.Errorf("%d failures, complete %v, problems %s", r.Failures, r.Complete, got)
			}
			for _, f := range r.Files {
				if strings.ContainsAny(f.Path+f.Node, "\n\x1b\u202e") {
					t.Errorf("path %q, node %q", f.Path, f.Node)
				}
			}
		})
	}
}

// What unpacks to far more than a log does is read so far and no further, and
// the other logs of the zip are read.
func TestExpansion(t *testing.T) {
	testkit.Pure(t)
	limits := logfiles.Options{FreeLog: 1 << 20, FreeZip: 8 << 20}
	zeros := hour(1) + strings.Repeat("\x00", 3<<20)
	bomb := testkit.Gzip(zeros)
	const tooFar = "it unpacks to more than 200 times its size: everything after the first "
	empty := strings.Repeat(testkit.Gzip(""), 200_000)
	twice := zipped(t, "log/atlassian-jira.log.1.gz", testkit.Gzip(hour(1))+empty, "log/atlassian-jira.log", hour(2))
	var several []string
	for i := range 20 {
		several = append(several, fmt.Sprint("log/atlassian-jira.log.", 20-i), hour(i)+strings.Repeat("\x00", 800_000))
	}
	for name, tt := range map[string]struct {
		file, text, problem string
		failures, whole     int // at least
	}{
		"gzip":                        {"a.gz", bomb, tooFar, 1, 0},
		"a member":                    {"a.zip", zipped(t, "log/atlassian-jira.log.1", zeros, "log/atlassian-jira.log", hour(2)), tooFar, 2, 1},
		"gzip in a zip":               {"a.zip", zipped(t, "log/atlassian-jira.log.1.gz", bomb, "log/atlassian-jira.log", hour(2)), tooFar, 2, 1},
		"nothing, compressed twice":   {"a.zip", twice, tooFar, 2, 1},
		"all members together":        {"a.zip", zipped(t, several...), "the logs in the zip unpack to more than ", 5, 5},
		"a log that repeats itself":   {"a.gz", testkit.Gzip(strings.Repeat(ordinary(t0), 1_000_000/len(ordinary(t0))) + hour(1)), "", 1, 1},
		"a large one of random words": {"a.gz", testkit.Gzip(randomText(3<<20) + hour(1)), "", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := testkit.Write(t, filepath.Join(t.TempDir(), tt.file), tt.text)
			r := reportOn(t, options(), logfiles.Find([]string{path}, limits))
			whole := 0
			for _, f := range r.Files {
				if f.Problem == "" {
					whole++
				} else if !strings.HasPrefix(f.Problem, tt.problem) || tt.problem == "" {
					t.Errorf("%s: %s", f.Path, f.Problem)
				}
			}
			if r.Failures < tt.failures || whole < tt.whole || r.Complete != (tt.problem == "") {
				t.Errorf("%d failures, %d logs whole, want %d and %d\n%s", r.Failures, whole, tt.failures, tt.whole, problems(r))
			}
		})
	}
}

// randomText is lines that compress as logs do.
func randomText(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.Replace(ordinary(t0), "12 ms", fmt.Sprintf("%x ms", uint64(i)*0x9e3779b97f4a7c15), 1))
	}
	return b.String()
}

// Holes and zeros without a line end cost no more than reading them, and a
// report does not depend on whether they are stored.
func TestHoles(t *testing.T) {
	testkit.Pure(t)
	const hole = 20 << 20
	line := failure(t0, 1, badSecret)
	for name, text := range map[string][]string{
		"within":        {line, "\n" + line + line},
		"within a line": {strings.TrimSuffix(line, "\n"), line + line},
		"at the end":    {line + line, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sparse, dense := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
			testkit.Write(t, sparse, text[0])
			must(t, os.Truncate(sparse, int64(len(text[0])+hole)))
			f, err := os.OpenFile(sparse, os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteString(text[1])
			must(t, err)
			must(t, f.Close())
			testkit.Write(t, dense, text[0]+strings.Repeat("\x00", hole)+text[1])
			o := options()
			o.Cores, o.Chunk = 1, 1<<30
			want := scanned(t, o, dense)
			if want.Failures < 2 {
				t.Errorf("%d failures", want.Failures)
			}
			o.Cores, o.Chunk = 3, 256<<10
			for _, path := range []string{sparse, dense} {
				progress := &scan.Progress{}
				o.Progress = progress
				r := scanned(t, o, path)
				if r.Failures != want.Failures || !r.Complete || r.Files[0].Bytes != want.Files[0].Bytes || progress.Read.Load() != want.Files[0].Bytes {
					t.Errorf("%s: %d failures, want %d; %+v", path, r.Failures, want.Failures, r.Files)
				}
			}
		})
	}
}

// A log that begins with a hole, as it does after a truncation whose writer
// kept its own offset, is read from its first byte that is none.
func TestBeginsWithHole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "atlassian-jira.log")
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte(failure(t0, 1, badSecret)+ordinary(t0)), 8<<40+1234) // more than could be read
	if err != nil {
		_, err = f.WriteAt([]byte(failure(t0, 1, badSecret)+ordinary(t0)), 1<<30+1234)
	}
	must(t, err)
	if r := scanned(t, options(), path); r.Failures != 1 || !r.Complete {
		t.Errorf("%d failures, %+v", r.Failures, r.Files)
	}
}
