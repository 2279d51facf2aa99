package main

import (
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// READY waits for every log to be looked at, and the watchdog is fed only
// while all of them show signs of life.
func TestWatchdogNeedsProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	marker, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer marker.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "10000000")
	t.Setenv("WATCHDOG_PID", "")
	now := time.Now()
	s := newSystemd(slog.New(slog.DiscardHandler))
	for _, step := range []struct {
		name  string
		beats []time.Time
		want  []string
	}{
		{"one log is not open yet", []time.Time{now, {}}, nil},
		{"both are", []time.Time{now, now}, []string{"READY=1\nSTATUS=following the logs", "WATCHDOG=1"}},
		{"both go on", []time.Time{now, now}, []string{"WATCHDOG=1"}},
		{"one hangs", []time.Time{now, now.Add(-11 * time.Second)}, nil},
	} {
		s.watch(step.beats)
		if _, err := marker.Write([]byte("end")); err != nil {
			t.Fatal(err)
		}
		var got []string
		for b := make([]byte, 1000); ; {
			n, err := conn.Read(b)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if string(b[:n]) == "end" { // datagrams of a local socket keep their order
				break
			}
			got = append(got, string(b[:n]))
		}
		if strings.Join(got, "|") != strings.Join(step.want, "|") {
			t.Errorf("%s: said %q, want %q", step.name, got, step.want)
		}
	}
}
