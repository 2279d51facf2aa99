package scan

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/tailer"
)

const (
	block = 512 << 10 // bytes of one read: they fit in the CPU cache
	slack = 4 << 10   // read after the end of a chunk at first, where its last event usually ends
	later = 64 << 10  // read at a time if it does not
)

// chunk is the events that begin in a part of a plain file. Any cut into chunks
// has the same events in the same order.
type chunk struct {
	in       *input
	file     *logfiles.Shared
	from, to int64
	size     int64 // of the file
	out      chan findings
}

// read finds failures in a chunk.
func (c chunk) read(m *matcher, w *window) findings {
	m.start(c.in)
	err := c.events(m, w)
	r := m.drain()
	r.size, r.whole, r.end = c.to-c.from, true, c.to == c.size
	if err != nil && err != io.EOF {
		r.problem = logfiles.Reason(err)
	}
	if w.short {
		r.problem = shrank
	}
	if info, statErr := c.file.Stat(); r.end && statErr == nil {
		switch now := info.Size(); {
		case now < c.size:
			r.problem = shrank
		case now > c.size:
			r.problem = fmt.Sprintf("it grew while it was read: everything after byte %d is missing from this report", c.size)
		}
	}
	return r
}

const shrank = "it shrank while it was read: the removed part is missing from this report"

// events gives the matcher all lines from the first event that begins in the
// chunk to the end of the last one.
func (c chunk) events(m *matcher, w *window) error {
	first := max(c.from-1, c.in.Start)
	w.open(c.file.File, first, min(c.to+slack, c.size), c.size)
	w.until = c.to                          // after it no event of this chunk begins
	inside, headed := first < c.from, false // in a line that begins before the chunk; after a header
	for {
		text, at, cut, err := w.next()
		if len(text) == 0 {
			m.flush()
			return err
		}
		if inside {
			n := bytes.IndexByte(text, '\n') + 1
			inside = n == 0 && !cut // the window skips the rest of a line that is cut
			if n == 0 {
				continue
			}
			text, at = text[n:], at+int64(n)
		}
		if !headed {
			n := m.begins(text[:c.within(text, at)])
			switch {
			case n >= 0:
				text, at, headed = text[n:], at+int64(n), true
				w.until = c.size
			case at+int64(len(text)) >= c.to:
				return nil
			default:
				continue
			}
		}
		mine := c.within(text, at)
		m.add(text[:mine])
		if mine == len(text) && at+int64(mine) < c.to {
			continue
		}
		// The next header is that of the next chunk.
		rest := text[mine:]
		end := m.begins(rest)
		if end >= 0 {
			rest = rest[:end]
		}
		m.add(rest)
		if end >= 0 || m.full() {
			m.flush()
			return nil
		}
	}
}

// within is how much of a text, of whole lines, are lines that begin in the
// chunk.
func (c chunk) within(text []byte, at int64) int {
	n := c.to - at // the first byte that is not in the chunk
	switch {
	case n <= 0:
		return 0
	case n > int64(len(text)):
		return len(text)
	}
	if i := bytes.IndexByte(text[n-1:], '\n'); i >= 0 {
		return int(n) + i
	}
	return len(text)
}

// window is a run of whole lines of a file, in blocks.
type window struct {
	buf        []byte
	file       *os.File
	at         int64 // where buf begins in the file
	held, used int   // bytes in buf, and how many of them were returned
	soft, end  int64 // where to read to at first, and at most
	until      int64 // where skipping the rest of a line ends at most
	skipping   bool  // the rest of a line that was cut
	short      bool  // the file ended before its end
}

func newWindow() *window { return &window{buf: make([]byte, block)} }

func (w *window) open(file *os.File, at, soft, end int64) {
	*w = window{buf: w.buf, file: file, at: at, soft: soft, end: end, until: end}
}

// next is the next whole lines and where they begin: valid until it is called
// again. The last line of a file may lack its end. Of a line longer than the
// buffer the beginning comes, alone and without an end, and cut is true; an
// event takes no more of it. No text and io.EOF is the end.
func (w *window) next() (text []byte, at int64, cut bool, err error) {
	w.drop(w.used)
	for {
		if w.skipping {
			i := bytes.IndexByte(w.buf[:w.held], '\n')
			w.skipping = i < 0
			if i < 0 {
				i = w.held - 1
			}
			w.drop(i + 1)
		}
		if w.skipping {
			if w.at = min(tailer.NextData(w.file, w.at), w.end); w.at >= w.until {
				return nil, w.at, false, io.EOF
			}
		}
		err := w.fill()
		switch {
		case err != nil && (err != io.EOF || w.held == 0):
			return nil, w.at, false, err
		case w.skipping || w.held == 0:
			continue
		}
		i := bytes.LastIndexByte(w.buf[:w.held], '\n')
		switch {
		case err == io.EOF:
			w.used = w.held
		case i >= 0:
			w.used = i + 1
		case w.held == block:
			w.used, w.skipping = w.held, true
		default:
			continue
		}
		return w.buf[:w.used], w.at, w.skipping, nil
	}
}

func (w *window) drop(n int) {
	copy(w.buf, w.buf[n:w.held])
	w.at += int64(n)
	w.held, w.used = w.held-n, 0
}

// fill reads on. io.EOF means that all there is to read is held.
func (w *window) fill() error {
	from := w.at + int64(w.held)
	to := w.soft
	if from >= to {
		to = from + later
	}
	to = min(to, w.end)
	room := w.buf[w.held:]
	if n := to - from; n < int64(len(room)) {
		room = room[:max(n, 0)]
	}
	if len(room) == 0 {
		if from >= w.end {
			return io.EOF
		}
		return nil
	}
	n, err := w.file.ReadAt(room, from)
	w.held += n
	switch {
	case from+int64(n) >= w.end && (err == nil || err == io.EOF):
		return io.EOF
	case err == io.EOF:
		w.short = true
	}
	return err
}

// maxHeld is more than an event takes of one line.
var _ [block - event.MaxText - 2]byte
