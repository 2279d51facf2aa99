package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/journal"
)

// The forms of the program's own log.
const (
	logAuto    = "auto" // the journal's where standard error is the journal, else text
	logText    = "text"
	logJSON    = "json"
	logJournal = "journal"
)

// newLogger logs to w in one of the forms above; nil is auto.
func newLogger(w io.Writer, form *format, level slog.Level) (*slog.Logger, error) {
	format := logAuto
	if form != nil {
		format = form.value
	}
	options := &slog.HandlerOptions{Level: level}
	attached := fileOf(w) == os.Stderr && attachedToJournal()
	switch {
	case format == logJSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case format == logJournal && !journal.Enabled():
		return nil, usage("--log-format journal: no journal is available; omit the flag, or choose text or json")
	case format == logJournal, format == logAuto && attached && journal.Enabled():
		return slog.New(newJournal(w, level, journal.Send)), nil
	case format == logAuto && attached:
		return slog.New(newJournal(w, level, nil)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// attachedToJournal reports whether standard error is what systemd gave us.
func attachedToJournal() bool {
	is, err := journal.StderrIsJournalStream()
	return is && err == nil
}
