package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
)

// entry is what the journal gets, in one line.
func entry(message string, p journal.Priority, fields map[string]string) string {
	all := fmt.Sprintf("%d %s", p, message)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "SYSLOG_IDENTIFIER" {
			all += fmt.Sprintf(" | %s=%s", name, fields[name])
		}
	}
	return all
}

// A record is a message as people read it, and each key a field to search by;
// an alert names its incident.
func TestJournalFields(t *testing.T) {
	var got string
	log := slog.New(newJournal(nil, slog.LevelInfo, func(m string, p journal.Priority, f map[string]string) error {
		got = entry(m, p, f)
		return nil
	}))
	long := strings.Repeat("é", maxMessage)
	for _, tt := range []struct {
		say  func()
		want string
	}{
		{func() { log.Debug("unasked") }, ""},
		{func() { log.Info("started") }, "6 started"},
		{
			func() {
				log.With("notifier", "ops").Warn("alert not delivered", "alert", "k@20260102T100000.000Z#2", "attempt", 3, "err", errors.New("no route"))
			},
			`4 alert not delivered notifier=ops alert=k@20260102T100000.000Z#2 attempt=3 err="no route" ` +
				`| ALERT=k@20260102T100000.000Z#2 | ATTEMPT=3 | ERR=no route | INCIDENT=k@20260102T100000.000Z | NOTIFIER=ops`,
		},
		{func() { log.Error("two lines", "err", "a\nb") }, "3 two lines err=\"a\\nb\" | ERR=a\nb"},
		{func() { log.Info("not ours", "message", "x", "_PID", "1", "9to5", "y") }, "6 not ours message=x _PID=1 9to5=y | PID=1 | TO5=y"},
		{func() { log.WithGroup("g").Info("in a group", "a", 1) }, "6 in a group g.a=1 | G_A=1"},
		{func() { log.Info("long", "err", long) }, "6 long err=" + long[:maxMessage-10] + " | ERR=" + long[:maxField]},
	} {
		got = ""
		tt.say()
		if got != tt.want {
			t.Errorf("got  %.300q\nwant %.300q", got, tt.want)
		}
	}
	many := make([]any, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprintf("k%d", i), i)
	}
	if log.Info("many", many...); strings.Count(got, "|") != maxFields-1 {
		t.Errorf("%d fields, want %d", strings.Count(got, "|"), maxFields-1)
	}
}

// Without a journal to talk to, records are lines behind their priority.
func TestJournalLines(t *testing.T) {
	var out bytes.Buffer
	gone := func(string, journal.Priority, map[string]string) error { return errors.New("gone") }
	for _, send := range []func(string, journal.Priority, map[string]string) error{nil, gone} {
		out.Reset()
		slog.New(newJournal(&out, slog.LevelInfo, send)).Error("two\nlines", "err", "x")
		if got, want := out.String(), "<3>two lines err=x\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
