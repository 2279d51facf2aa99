package matchers_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// ordinary are the lines of a Jira that is at work, with a failure of the flow
// among every 10,000 if there are to be any.
func ordinary(b *testing.B, size int, failing bool) (text []byte, lines, failures int) {
	b.Helper()
	failure := kb(b, "rc1-aadsts50194.log")
	random := rand.New(rand.NewPCG(1, 2))
	var log bytes.Buffer
	for n := 1; log.Len() < size; n++ {
		if failing && n%10_000 == 0 {
			failures++
			log.WriteString(failure + "\n")
		}
		fmt.Fprintf(&log, "2024-03-05 09:%02d:%02d,%03d+0000 http-nio-8080-exec-%d INFO user%d %dx%dx1 1vgh9dz 10.0.%d.%d,127.0.0.1 "+
			"/rest/api/2/issue/ABC-%d [c.a.j.p.e.bootstrap.InstanceTopologyLogger] Took %d ms\n",
			n/60%60, n%60, n%1000, n%200, n%97, n%900, n, n%250, n%7, n%5000, random.IntN(1000))
		if n%200 == 0 {
			log.WriteString("java.lang.IllegalStateException: authentication of the connector failed, see https://jira.example/browse/ABC-1\n")
			for i := range 20 {
				fmt.Fprintf(&log, "\tat com.atlassian.jira.issue.index.DefaultIndexManager$%d.lambda$reIndex(DefaultIndexManager.java:%d) "+
					"[jira-core.jar:?]\n", i, n%900)
			}
		}
	}
	return log.Bytes(), bytes.Count(log.Bytes(), []byte("\n")), failures
}

// BenchmarkLog is the way of every line: into an event, past the matchers.
func BenchmarkLog(b *testing.B) {
	text, lines, failures := ordinary(b, 64<<20, true)
	s := builtin(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if found := count(b, s, text); found != failures {
			b.Fatalf("%d failures found, want %d", found, failures)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
}

// BenchmarkEnvelopes is the same way of a log whose lines a collector has put
// into JSON: BenchmarkLog says what the way of a plain one costs.
func BenchmarkEnvelopes(b *testing.B) {
	plain, lines, failures := ordinary(b, 16<<20, true)
	var text []byte
	for line := range strings.Lines(string(plain)) {
		text = fmt.Appendf(text, "{\"log\":%q,\"stream\":\"stdout\",\"time\":\"2024-03-05T09:07:03.1Z\"}\n", line)
	}
	s := builtin(b)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if found := count(b, s, text); found != failures {
			b.Fatalf("%d failures found, want %d", found, failures)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
}

// count is how many failures the service finds in a text.
func count(b *testing.B, s *matchers.Set, text []byte) (found int) {
	b.Helper()
	through(b, text, func(e event.Event) {
		if _, ours := s.Match(e, time.UTC); ours {
			found++
		}
	})
	return found
}

// BenchmarkCauses is the cost of an ordinary line by the number of causes,
// which must not matter.
func BenchmarkCauses(b *testing.B) {
	text, lines, _ := ordinary(b, 4<<20, false)
	for _, n := range []int{10, 150, 1500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := many(b, n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				count(b, s, text)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
		})
	}
}

// BenchmarkFailure is one failure's whole diagnosis, with the words for an
// alert, by the number of causes.
func BenchmarkFailure(b *testing.B) {
	for _, n := range []int{0, 150, 1500} {
		s := many(b, n)
		for _, name := range []string{"rc1-aadsts50194.log", "rc8-pkix.log"} {
			e := event.Event{Text: []byte(kb(b, name))}
			b.Run(fmt.Sprintf("%s/%d", name[:3], n), func(b *testing.B) {
				b.SetBytes(int64(len(e.Text)))
				b.ReportAllocs()
				for b.Loop() {
					f, ok := s.Match(e, time.UTC)
					if !ok {
						b.Fatal("not ours")
					}
					f.Cause.Advise(f.Facts)
				}
			})
		}
	}
}

// many is the catalogue with n more causes.
func many(b *testing.B, n int) *matchers.Set {
	b.Helper()
	dir := b.TempDir()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `
[[cause]]
id = "own-%d"
provider = "any"
title = "T"
severity = "low"
confidence = "likely"
tier = "network"
codes = ["AADSTS9%06d"]
patterns = ['(?i)firewall fw%d\b.{0,50}says no']
diagnosis = "D"
confirm = "C"
fix = [{where = "jira-host", text = "F"}]
sample = [{match = true, text = "firewall FW%d says no"}]
`, i, i, i, i)
	}
	testkit.Write(b, filepath.Join(dir, "own.toml"), text.String())
	s, err := matchers.Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
