//go:build unix

package main_test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWriteToRequest is the whole way in the live program: from the
// write of a failure to the log, to the HTTP request that tells of it. In it
// are the second look that completes an event, and the commit to disk.
//
//	go test ./cmd/watcher -run '^$' -bench WriteToRequest -benchtime 500x
func BenchmarkWriteToRequest(b *testing.B) {
	dir := b.TempDir()
	hub := receive(b)
	w, _, log := follow(b, dir, hub, "[alerts]\nstorm = 0\n")
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		text := failure(i, i%60, badSecret)
		written := time.Now()
		if _, err := f.WriteString(text); err != nil {
			b.Fatal(err)
		}
		for {
			if all := hub.all(); len(all) > i {
				took = append(took, all[i].at.Sub(written))
				break
			}
			time.Sleep(200 * time.Microsecond)
		}
	}
	slices.Sort(took)
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(w.rss(), "RSS-MiB")
	w.stop()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkFollow is a backlog of ordinary lines through the live program: all
// stages, one failure at its end.
//
//	go test ./cmd/watcher -run '^$' -bench Follow -benchtime 5x
func BenchmarkFollow(b *testing.B) {
	dir := b.TempDir()
	hub := receive(b)
	w, _, log := follow(b, dir, hub, "")
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const size = 256 << 20
	block := []byte(strings.Repeat(ordinary, (1<<20)/len(ordinary)))
	b.SetBytes(size)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		w.signal(syscall.SIGSTOP) // so that the reading is timed and not the writing
		for n := 0; n < size; n += len(block) {
			if _, err := f.Write(block); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := f.WriteString(failure(i, 1, badSecret)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		w.signal(syscall.SIGCONT)
		hub.alerts(i + 1)
	}
	b.ReportMetric(w.rss(), "RSS-MiB")
	b.ReportMetric(float64(w.peak()), "peak-MiB")
	w.stop()
}
