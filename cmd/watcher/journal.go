package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/journal"

	"jira-oauth-watcher/internal/alert"
)

// Bounds of one entry in the journal: what an error says may come from outside.
const (
	maxField   = 2 << 10 // bytes of one field, and of the message
	maxFields  = 20
	maxMessage = 8 << 10
)

// journalHandler writes records to the journal: a message for people, and each
// key as a separate field, so that journalctl finds them. The library
// github.com/systemd/slog-journal has neither the bounds nor the fallback.
//
//	journalctl -u jira-oauth-watcher NOTIFIER=ops
//	journalctl -o json -u jira-oauth-watcher
type journalHandler struct {
	slog.Handler                   // writes the keys of a record into shared.line
	fields       map[string]string // of With; immutable
	shared       *journalOutput
}

// journalOutput is what a handler and those made from it by With share.
type journalOutput struct {
	mu     sync.Mutex
	line   bytes.Buffer
	fields map[string]string // of the record or the handler that is being written
	send   sender            // nil = lines on out
	out    io.Writer
}

// sender is journal.Send.
type sender func(message string, p journal.Priority, fields map[string]string) error

// newJournal makes a handler that sends records with send. Where that fails or is
// nil, they become lines on out after their priority, as sd-daemon(3) has it.
func newJournal(out io.Writer, level slog.Level, send sender) *journalHandler {
	shared := &journalOutput{send: send, out: out}
	text := slog.NewTextHandler(&shared.line, &slog.HandlerOptions{Level: level, ReplaceAttr: shared.field})
	return &journalHandler{text, map[string]string{"SYSLOG_IDENTIFIER": "jira-oauth-watcher"}, shared}
}

func (h *journalHandler) Handle(ctx context.Context, r slog.Record) error {
	o := h.shared
	o.mu.Lock()
	defer o.mu.Unlock()
	o.line.Reset()
	o.fields = maps.Clone(h.fields)
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	message := bounded(strings.TrimSpace(r.Message+" "+o.line.String()), maxMessage)
	priority := priorityOf(r.Level)
	if o.send != nil && o.send(message, priority, o.fields) == nil {
		return nil
	}
	line := "<" + strconv.Itoa(int(priority)) + ">" + strings.ReplaceAll(message, "\n", " ") + "\n"
	_, err := io.WriteString(o.out, line)
	return err
}

func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	h.shared.fields = maps.Clone(h.fields)
	return &journalHandler{h.Handler.WithAttrs(attrs), h.shared.fields, h.shared}
}

func (h *journalHandler) WithGroup(name string) slog.Handler {
	return &journalHandler{h.Handler.WithGroup(name), h.fields, h.shared}
}

func priorityOf(level slog.Level) journal.Priority {
	switch {
	case level >= slog.LevelError:
		return journal.PriErr
	case level >= slog.LevelWarn:
		return journal.PriWarning
	case level >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}

// field adds a key that is written as a field of the journal, and to an alert its incident.
func (o *journalOutput) field(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{} // the journal knows the first two, and the message comes first
	}
	name := strings.ToUpper(strings.Join(append(slices.Clone(groups), a.Key), "_"))
	name = notOfField.ReplaceAllString(name, "_")
	name = strings.TrimLeft(name, "_0123456789") // such names are reserved, or refused
	if _, own := reserved[name]; own || name == "" || len(name) > 64 || len(o.fields) >= maxFields {
		return a // it is in the message anyway
	}
	o.fields[name] = bounded(a.Value.String(), maxField)
	if name == "ALERT" {
		o.fields["INCIDENT"] = string(alert.ID(o.fields[name]).Incident())
	}
	return a
}

var notOfField = regexp.MustCompile(`[^A-Z0-9]`)

// reserved are fields to which the journal gives a meaning.
var reserved = map[string]struct{}{"MESSAGE": {}, "MESSAGE_ID": {}, "PRIORITY": {}, "SYSLOG_IDENTIFIER": {}}

// bounded is text with at most n bytes, as whole characters.
func bounded(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

// The forms of the program's own log.
const (
	logAuto    = "auto" // the journal's where standard error is the journal, else text
	logText    = "text"
	logJSON    = "json"
	logJournal = "journal"
)

// newLogger logs to w in one of the forms above.
func newLogger(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: level}
	attached, _ := journal.StderrIsJournalStream()
	attached = attached && fileOf(w) == os.Stderr
	switch {
	case format == logJSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case format == logJournal && !journal.Enabled():
		return nil, usage("--log-format journal: no journal is available; omit the flag, or choose text or json")
	case format == logJournal, format == logAuto && attached:
		return slog.New(newJournal(w, level, journal.Send)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}
