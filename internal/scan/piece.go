package scan

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/logfiles"
	"jira-oauth-watcher/tailer"
)

const (
	block = 512 << 10 // bytes of one read: they stay in the processor's own cache
	slack = 4 << 10   // read behind the end of a piece at first, where its last event usually ends
	later = 64 << 10  // read at a time if it does not
)

// piece is the events that begin in a part of a file that is not packed. Any
// cut into pieces has the same events in the same order.
type piece struct {
	in       *input
	file     *logfiles.Shared
	from, to int64
	size     int64 // of the file
	out      chan result
}

// read looks at the events of a piece. It is mapped, which costs half of what
// copying it does; what cannot be read so is read again, for its error.
func (p piece) read(e *eye, w *window) result {
	if r, ok := p.mapped(e, w); ok {
		return r
	}
	w.copies = true
	defer func() { w.copies = false }()
	return p.look(e, w)
}

// mapped is look; false when some of the piece could not be read: it is gone,
// or the disk failed. The worker's faults are panics.
func (p piece) mapped(e *eye, w *window) (r result, ok bool) {
	defer w.unmap()
	defer func() {
		if fault := recover(); fault != nil {
			if _, is := fault.(interface{ Addr() uintptr }); !is {
				panic(fault)
			}
		}
	}()
	return p.look(e, w), true
}

func (p piece) look(e *eye, w *window) result {
	e.begin(p.in)
	err := p.events(e, w)
	r := e.result()
	r.size, r.whole, r.end = p.to-p.from, true, p.to == p.size
	if err != nil && err != io.EOF {
		r.problem = logfiles.Reason(err)
	}
	if w.short {
		r.problem = shrank
	}
	if info, statErr := p.file.Stat(); r.end && statErr == nil {
		switch now := info.Size(); {
		case now < p.size:
			r.problem = shrank
		case now > p.size:
			r.problem = fmt.Sprintf("it grew while it was read: what came behind byte %d is not in this report", p.size)
		}
	}
	return r
}

const shrank = "it shrank while it was read: what was taken away is not in this report"

// events shows the eye all lines from the first event that begins in the piece
// to the end of the last one.
func (p piece) events(e *eye, w *window) error {
	first := max(p.from-1, p.in.Start)
	w.open(p.file.File, first, min(p.to+slack, p.size), p.size)
	w.until = p.to                          // behind it no event of this piece begins
	inside, headed := first < p.from, false // in a line that begins before the piece; a header was seen
	for {
		text, at, cut, err := w.next()
		if len(text) == 0 {
			e.flush()
			return err
		}
		if inside {
			n := bytes.IndexByte(text, '\n') + 1
			inside = n == 0 && !cut // of a line that is cut the window passes over the rest
			if n == 0 {
				continue
			}
			text, at = text[n:], at+int64(n)
		}
		if !headed {
			n := event.FirstHeader(text[:p.within(text, at)])
			switch {
			case n >= 0:
				text, at, headed = text[n:], at+int64(n), true
				w.until = p.size
			case at+int64(len(text)) >= p.to:
				return nil
			default:
				continue
			}
		}
		mine := p.within(text, at)
		e.look(text[:mine])
		if mine == len(text) && at+int64(mine) < p.to {
			continue
		}
		// The next header is that of the next piece.
		rest := text[mine:]
		end := event.FirstHeader(rest)
		if end >= 0 {
			rest = rest[:end]
		}
		e.more(rest)
		if end >= 0 || e.full() {
			e.flush()
			return nil
		}
	}
}

// more is look for lines without a header.
func (e *eye) more(text []byte) {
	if len(text) > 0 {
		e.events.Block(blockOf(text), e.take)
	}
}

// within is how much of a text, of whole lines, are lines that begin in the
// piece.
func (p piece) within(text []byte, at int64) int {
	n := p.to - at // the first byte that is not in the piece
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

// window is a run of whole lines of a file, in blocks: mapped up to soft where
// that can be, else copied.
type window struct {
	room       []byte // of what is copied
	buf        []byte // room, or the rest of map
	mapping    []byte
	copies     bool // nothing is mapped
	file       *os.File
	at         int64 // where buf begins in the file
	held, used int   // bytes in buf, and how many of them were given out
	soft, end  int64 // where to read to at first, and at most
	until      int64 // where passing over the rest of a line ends at most
	passing    bool  // over the rest of a line that was cut
	short      bool  // the file ended before its end
}

func newWindow() *window { return &window{room: make([]byte, block)} }

func (w *window) open(file *os.File, at, soft, end int64) {
	*w = window{room: w.room, buf: w.room, copies: w.copies, file: file, at: at, soft: soft, end: end, until: end}
	if w.copies || at >= soft {
		return
	}
	base := at &^ int64(os.Getpagesize()-1)
	size := min(soft-base, maxPiece+2*slack) // a hole is in one piece, however large
	mapping, err := syscall.Mmap(int(file.Fd()), base, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err == nil { // else the file system cannot
		w.mapping, w.buf = mapping, mapping[at-base:]
	}
}

// unmap ends the mapping; what is held of it is gone.
func (w *window) unmap() {
	if w.mapping != nil {
		_ = syscall.Munmap(w.mapping)
		w.mapping, w.buf, w.held, w.used = nil, w.room, 0, 0
	}
}

// next is the next whole lines and where they begin: valid until it is called
// again. The last line of a file may lack its end. Of a line longer than the
// buffer the beginning comes, alone and without an end, and cut is true; an
// event takes no more of it. No text and io.EOF is the end.
func (w *window) next() (text []byte, at int64, cut bool, err error) {
	w.drop(w.used)
	for {
		if w.passing {
			i := bytes.IndexByte(w.buf[:w.held], '\n')
			w.passing = i < 0
			if i < 0 {
				i = w.held - 1
			}
			w.drop(i + 1)
		}
		if w.passing {
			if w.skip(min(tailer.NextData(w.file, w.at), w.end)); w.at >= w.until {
				return nil, w.at, false, io.EOF
			}
		}
		err := w.fill()
		switch {
		case err != nil && (err != io.EOF || w.held == 0):
			return nil, w.at, false, err
		case w.passing || w.held == 0:
			continue
		}
		i := bytes.LastIndexByte(w.buf[:w.held], '\n')
		switch {
		case err == io.EOF:
			w.used = w.held
		case i >= 0:
			w.used = i + 1
		case w.held == block:
			w.used, w.passing = w.held, true
		default:
			continue
		}
		return w.buf[:w.used], w.at, w.passing, nil
	}
}

func (w *window) drop(n int) {
	if w.mapping != nil {
		w.buf = w.buf[n:]
	} else {
		copy(w.buf, w.buf[n:w.held])
	}
	w.at += int64(n)
	w.held, w.used = w.held-n, 0
}

// skip goes on at a place; nothing is held.
func (w *window) skip(at int64) {
	if n := at - w.at; w.mapping != nil && n <= int64(len(w.buf)) {
		w.buf = w.buf[n:]
	} else {
		w.unmap()
	}
	w.at = at
}

// fill reads on. io.EOF means that all there is to read is held.
func (w *window) fill() error {
	from := w.at + int64(w.held)
	if w.mapping != nil {
		n := min(len(w.buf), block) - w.held
		w.held += n
		switch {
		case from+int64(n) >= w.end:
			return io.EOF
		case n > 0 || w.held >= block:
			return nil
		}
		held := copy(w.room, w.buf[:w.held]) // what is behind the mapping is copied
		w.unmap()
		w.held = held
	}
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
