package main

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

func options() Options {
	return Options{Seed: 7, Every: 20, Integrations: 9, From: time.Date(2026, 1, 2, 6, 0, 0, 0, time.UTC)}
}

func made(t *testing.T, o Options, size int64) (string, Written) {
	t.Helper()
	var out bytes.Buffer
	w, err := write(&out, size, o)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), w
}

// The log holds the failures that it says it holds, by cause, and nothing else
// in it is one.
func TestFailures(t *testing.T) {
	set, err := matchers.Load("")
	if err != nil {
		t.Fatal(err)
	}
	text, w := made(t, options(), 1<<20)
	got, events := map[string]int{}, 0
	look := func(entry string) {
		v := set.Diagnose(strings.TrimSuffix(entry, "\n"), time.UTC)
		if !v.Headed {
			t.Fatalf("no header: %q", entry)
		}
		events++
		if v.Ours {
			got[v.Failure.Cause.ID]++
		}
	}
	entry := ""
	for line := range strings.Lines(text) {
		if entry != "" && event.Begins([]byte(line)) {
			look(entry)
			entry = ""
		}
		entry += line
	}
	look(entry)
	if events != w.Events || !maps.Equal(got, w.Causes) || w.Failures != events/20 || len(got) < 9 {
		t.Errorf("%d events with failures %v\nit says %d events, %d failures, %v", events, got, w.Events, w.Failures, w.Causes)
	}
}

// The same options write the same bytes, another seed others; -every 0 has no
// failure.
func TestSeed(t *testing.T) {
	a, _ := made(t, options(), 1<<20)
	b, _ := made(t, options(), 1<<20)
	other := options()
	other.Seed, other.Every = 8, 0
	c, w := made(t, other, 1<<20)
	if a != b || a == c || w.Failures != 0 || len(a) < 1<<20 || len(a) > 1<<20+64<<10 {
		t.Errorf("same %v, different %v, %d failures, %d bytes", a == b, a != c, w.Failures, len(a))
	}
}

// Events of Jira's own OAuth 2.0 provider name oauth2 and are no failures.
func TestProvider(t *testing.T) {
	o := options()
	o.Every, o.Provider = 0, 2
	text, w := made(t, o, 1<<20)
	if n := strings.Count(text, "oauth2"); n < w.Events/2 || w.Failures != 0 {
		t.Errorf("%d times oauth2 in %d events, %d failures", n, w.Events, w.Failures)
	}
}

// Wrong usage is said in a sentence.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-size", "much"}, {"-from", "today"}, {"-nosuch"}} {
		var errw bytes.Buffer
		if status := run(args, &errw, &errw); status != 2 || errw.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, status, &errw)
		}
	}
}

// BenchmarkWrite is how fast it is: measurements should not wait for it.
func BenchmarkWrite(b *testing.B) {
	l, err := New(options())
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 2<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		for buf = buf[:0]; len(buf) < 1<<20; {
			buf = l.Append(buf)
		}
	}
}
