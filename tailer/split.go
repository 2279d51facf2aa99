package tailer

import "bytes"

const (
	blockSize = 256 << 10           // bytes read at a time
	maxHeld   = MaxLine + 1         // a line of MaxLine bytes with half of its \r\n
	maxBuffer = maxHeld + blockSize // what the buffer of an endless line grows to
)

// splitter cuts a run of bytes into lines, in one buffer, without copying.
type splitter struct {
	buf     []byte
	r, w    int   // buf[r:w] is held: read, and not yet a line
	scanned int   // no line end in buf[r:scanned]
	cut     bool  // the held line is longer than MaxLine; only its beginning is held
	dropped int64 // bytes of the held line that are no longer held
	skipped int64 // bytes dropped since the beginning
}

// piece is one line with the number of bytes it took.
type piece struct {
	text []byte
	size int64
	cut  bool
}

// room returns where the next bytes go. Texts returned before are overwritten.
func (s *splitter) room() []byte {
	if s.r > 0 {
		copy(s.buf, s.buf[s.r:s.w])
		s.w -= s.r
		s.scanned -= s.r
		s.r = 0
	}
	if len(s.buf)-s.w < blockSize/4 {
		grown := make([]byte, min(max(blockSize, 2*len(s.buf)), maxBuffer))
		copy(grown, s.buf[:s.w])
		s.buf = grown
	}
	return s.buf[s.w:]
}

// add says that n bytes were put into room.
func (s *splitter) add(n int) { s.w += n }

// next returns the next whole line.
func (s *splitter) next() (piece, bool) {
	i := bytes.IndexByte(s.buf[s.scanned:s.w], '\n')
	if i < 0 {
		s.drop()
		return piece{}, false
	}
	end := s.scanned + i
	text := s.buf[s.r:end]
	if n := len(text); n > 0 && text[n-1] == '\r' && !s.cut {
		text = text[:n-1]
	}
	return s.take(text, end+1), true
}

// rest returns what is held as a last line without a line end.
func (s *splitter) rest() (piece, bool) {
	if s.r == s.w {
		return piece{}, false
	}
	return s.take(s.buf[s.r:s.w], s.w), true
}

// take ends the held line before buf[end].
func (s *splitter) take(text []byte, end int) piece {
	p := piece{text: text, size: int64(end-s.r) + s.dropped, cut: s.cut}
	if len(text) > MaxLine {
		s.skipped += int64(len(text) - MaxLine)
		p.text, p.cut = text[:MaxLine:MaxLine], true
	}
	s.r, s.scanned = end, end
	s.cut, s.dropped = false, 0
	return p
}

// drop forgets what an overlong line has beyond MaxLine, so that a line
// without end takes no more memory.
func (s *splitter) drop() {
	s.scanned = s.w
	if s.cut || s.w-s.r > maxHeld {
		n := s.w - s.r - MaxLine
		s.cut = true
		s.dropped += int64(n)
		s.skipped += int64(n)
		s.w -= n
		s.scanned = s.w
	}
}

// reset forgets what is held.
func (s *splitter) reset() {
	s.r, s.w, s.scanned = 0, 0, 0
	s.cut, s.dropped = false, 0
}
