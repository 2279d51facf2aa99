package tailer

import "bytes"

const (
	maxHeld   = MaxLine + 1        // a line of MaxLine bytes with half of its \r\n
	maxBuffer = maxHeld + MaxBlock // what the buffer of an endless line grows to
)

// lineBuffer cuts a run of bytes into blocks of complete lines.
type lineBuffer struct {
	buf     []byte
	r, w    int   // buf[r:w] is held: read, and not yet in a block
	scanned int   // no line end in buf[r:scanned]
	ended   bool  // nothing follows what is held
	cut     bool  // the held line is longer than MaxLine; only its beginning is held
	dropped int64 // bytes of the held line that are no longer held
}

// room returns where the next bytes go. Texts returned before are overwritten.
// Not more than MaxBlock bytes are held, except for one longer line.
func (s *lineBuffer) room() []byte {
	if s.r > 0 {
		s.move(s.buf)
	}
	if s.w < MaxBlock && len(s.buf) >= MaxBlock {
		return s.buf[s.w:MaxBlock]
	}
	if len(s.buf)-s.w < MaxBlock/4 {
		grown := make([]byte, min(max(MaxBlock/16, 2*len(s.buf)), maxBuffer))
		copy(grown, s.buf[:s.w])
		s.buf = grown
	}
	return s.buf[s.w:min(len(s.buf), s.w+MaxBlock)]
}

// move moves what is held to the beginning of a buffer. It returns the buffer that holds the texts
// returned before.
func (s *lineBuffer) move(to []byte) (from []byte) {
	from = s.buf
	if len(to) < len(from) {
		to = make([]byte, len(from))
	}
	s.w = copy(to, from[s.r:s.w])
	s.buf, s.scanned, s.r = to, s.scanned-s.r, 0
	return from
}

// add says that n bytes were put into room.
func (s *lineBuffer) add(n int) { s.w += n }

// end says that nothing follows: a held line is complete.
func (s *lineBuffer) end() { s.ended = true }

// holds reports whether there are bytes that are in no block yet.
func (s *lineBuffer) holds() bool { return s.w > s.r }

// next returns the next complete lines, or one long line, as a block without its position.
func (s *lineBuffer) next() (Block, bool) {
	if !s.holds() {
		s.ended = false
		return Block{}, false
	}
	if long := s.scanned-s.r >= MaxBlock; long || s.cut {
		if i := bytes.IndexByte(s.buf[s.scanned:s.w], '\n'); i >= 0 {
			return s.line(s.scanned+i, s.scanned+i+1), true
		}
	} else if i := bytes.LastIndexByte(s.buf[s.scanned:s.w], '\n'); i >= 0 {
		from := s.r
		s.r = s.scanned + i + 1
		s.scanned = s.r
		return Block{Text: s.buf[from:s.r:s.r], Part: s.holds(), size: int64(s.r - from)}, true
	}
	s.drop()
	if s.ended {
		s.ended = false
		return s.line(s.w, s.w), true
	}
	return Block{Part: true}, false
}

// line takes the held line, which has its line end, if any, from buf[end] to buf[next].
func (s *lineBuffer) line(end, next int) Block {
	b := Block{Text: s.buf[s.r:next:next], Cut: s.cut, Part: next < s.w, size: int64(next-s.r) + s.dropped}
	n := end - s.r
	if !s.cut && end < next && n > 0 && s.buf[end-1] == '\r' {
		n--
	}
	if s.cut || n > MaxLine {
		b.Text, b.Cut = b.Text[:MaxLine:MaxLine], true
	}
	s.r, s.scanned = next, next
	s.cut, s.dropped = false, 0
	return b
}

// drop discards what an overlong line has beyond MaxLine, so that an endless line takes
// no more memory.
func (s *lineBuffer) drop() {
	if s.cut || s.w-s.r > maxHeld {
		n := s.w - s.r - MaxLine
		s.cut = true
		s.dropped += int64(n)
		s.w -= n
	}
	s.scanned = s.w
}

// reset discards what is held.
func (s *lineBuffer) reset() {
	*s = lineBuffer{buf: s.buf}
}
