package pipeline

import (
	"bytes"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/tailer"
)

// Stats are the counters of what was read from a log since the program started.
type Stats struct {
	Lines     int64
	Bytes     int64 // of lines, without the skipped parts of overlong ones
	Rotations int64
	Lost      int64     // bytes known to be lost
	Jira      bool      // a header of Jira's was seen
	Last      time.Time // when the last line was read, by the wall clock; zero = no line was read
}

// count counts a block. It runs for every byte and does little.
func (l *Log) count(b tailer.Block) {
	if len(b.Text) == 0 {
		return
	}
	n := bytes.Count(b.Text, []byte("\n"))
	if b.Text[len(b.Text)-1] != '\n' {
		n++
	}
	l.lines.Add(int64(n))
	l.bytes.Add(int64(len(b.Text)))
	l.lastText.Store(clock.Now().UnixNano())
}

// Stats returns the counters. It may be called from any goroutine.
func (l *Log) Stats() Stats {
	read := l.Reader.Stats()
	c := Stats{
		Lines:     l.Earlier.Lines + l.lines.Load(),
		Bytes:     l.Earlier.Bytes + l.bytes.Load(),
		Rotations: l.Earlier.Rotations + read.Rotations,
		Lost:      l.Earlier.Lost + read.LostBytes,
		Jira:      l.jira.Load(),
		Last:      l.Earlier.Last,
	}
	if n := l.lastText.Load(); n != 0 {
		c.Last = time.Unix(0, n)
	}
	return c
}
