package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/term"

	"jira-oauth-watcher/notify"
)

// newLogger logs to w: for people with the time, for journald with a priority
// in front of each line instead.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	if os.Getenv("JOURNAL_STREAM") == "" {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
	}
	j := &journal{w: w, mu: &sync.Mutex{}, line: &bytes.Buffer{}}
	j.Handler = slog.NewTextHandler(j.line, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{} // journald knows both
		}
		return a
	}})
	return slog.New(j)
}

// journal writes each record as one line behind its priority, as sd-daemon(3)
// has it.
type journal struct {
	slog.Handler
	w    io.Writer
	mu   *sync.Mutex
	line *bytes.Buffer
}

func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line.Reset()
	switch {
	case r.Level >= slog.LevelError:
		j.line.WriteString("<3>")
	case r.Level >= slog.LevelWarn:
		j.line.WriteString("<4>")
	case r.Level >= slog.LevelInfo:
		j.line.WriteString("<6>")
	default:
		j.line.WriteString("<7>")
	}
	if err := j.Handler.Handle(ctx, r); err != nil {
		return err
	}
	_, err := j.w.Write(j.line.Bytes())
	return err
}

func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *j
	next.Handler = j.Handler.WithAttrs(attrs)
	return &next
}

func (j *journal) WithGroup(name string) slog.Handler {
	next := *j
	next.Handler = j.Handler.WithGroup(name)
	return &next
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
