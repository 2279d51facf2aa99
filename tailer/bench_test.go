package tailer_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

func BenchmarkStream(b *testing.B) {
	data := strings.Repeat(strings.Repeat("x", 149)+"\n", 400_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s := tailer.Stream(strings.NewReader(data))
		for {
			_, err := s.Block(b.Context(), time.Second)
			if errors.Is(err, io.EOF) {
				break
			}
			check(b, err)
		}
		s.Close()
	}
}

// From one write to the line's arrival, with events and no help from polling.
func BenchmarkWake(b *testing.B) {
	path := filepath.Join(b.TempDir(), "jira.log")
	w, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(b, err)
	defer w.Close()
	f := tailer.Follow(path, tailer.Position{}, tailer.Options{Poll: time.Hour})
	defer f.Close()
	f.Block(b.Context(), 0)
	var took []time.Duration
	for b.Loop() {
		wrote := make(chan time.Time, 1)
		time.AfterFunc(200*time.Microsecond, func() {
			wrote <- time.Now()
			w.WriteString("a line\n")
		})
		block, err := f.Block(b.Context(), testkit.Long)
		now := time.Now()
		if err != nil || string(block.Text) != "a line\n" {
			b.Fatal(string(block.Text), err)
		}
		took = append(took, now.Sub(<-wrote))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func BenchmarkBlock(b *testing.B) {
	path := filepath.Join(b.TempDir(), "jira.log")
	data := strings.Repeat(strings.Repeat("x", 149)+"\n", 1_600_000)
	check(b, os.WriteFile(path, []byte(data), 0o644))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := tailer.Follow(path, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: true})
		for {
			_, err := f.Block(b.Context(), time.Second)
			if errors.Is(err, io.EOF) {
				break
			}
			check(b, err)
		}
		f.Close()
	}
}

// What the kernel takes for the copy alone.
func BenchmarkPread(b *testing.B) {
	path := filepath.Join(b.TempDir(), "jira.log")
	data := strings.Repeat(strings.Repeat("x", 149)+"\n", 1_600_000)
	check(b, os.WriteFile(path, []byte(data), 0o644))
	b.SetBytes(int64(len(data)))
	buf := make([]byte, tailer.MaxBlock)
	for b.Loop() {
		f, err := os.Open(path)
		check(b, err)
		for at := int64(0); at < int64(len(data)); {
			n, _ := f.ReadAt(buf, at)
			at += int64(n)
		}
		f.Close()
	}
}

// A poll of a dated log beside the files of eight years.
func BenchmarkPollDated(b *testing.B) {
	dir := b.TempDir()
	for day := range 3000 {
		at := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
		if err := os.WriteFile(filepath.Join(dir, at.Format("access_log.2006-01-02")), []byte("x\n"), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir, past, past); err != nil {
		b.Fatal(err)
	}
	f := tailer.Follow(filepath.Join(dir, "access_log.%Y-%m-%d"), tailer.Position{}, tailer.Options{ByHand: true, NoNotify: true})
	defer f.Close()
	if _, err := f.Block(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Discover()
	}
}
