package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/term"

	"jira-oauth-watcher/notify"
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
	attached := w == io.Writer(os.Stderr) && attachedToJournal()
	switch {
	case format == logJSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case format == logJournal && !journal.Enabled():
		return nil, usage("--log-format journal: there is no journal here; leave the flag out, or choose text or json")
	case format == logJournal, format == logAuto && attached && journal.Enabled():
		return slog.New(newJournal(w, level, journal.Send)), nil
	case format == logAuto && attached:
		return slog.New(newJournal(w, level, nil)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// attachedToJournal tells whether standard error is what systemd gave us.
func attachedToJournal() bool {
	is, err := journal.StderrIsJournalStream()
	return is && err == nil
}

// terminal is how w is to be written to: in colour only on a terminal that has
// them and wants them (https://no-color.org).
func terminal(w io.Writer) notify.Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return notify.Style{}
	}
	style := notify.Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= 40 {
		style.Width = min(width, 120)
	}
	return style
}
