package tailer

import "bytes"

// Block is a run of whole lines, as they stand in one file.
type Block struct {
	Text []byte // with the line ends; the last may be missing at the end of a file. Valid until the next call
	Cut  bool   // Text is the first MaxLine bytes of a longer line, which is alone in its block
	Late bool   // written to the file before the current one, after that had been read to its end

	size   int64 // what Text takes of the file; more than its length if Cut
	origin origin
	rest   Position // what a position here has besides its place; if Late, the whole position before it
}

// origin is where in which file a block begins.
type origin struct {
	id     ident
	born   int64
	known  int    // how many of the file's first bytes are known, at most maxPrint
	print  uint64 // their hash
	offset int64
}

func (o origin) place(offset int64) Place {
	return Place{o.id.dev, o.id.ino, o.born, o.print, o.known, offset}
}

// Position is just behind the first n bytes of Text, where a line ends. Behind
// all of Text it is behind the whole line even if that was cut.
func (b Block) Position(n int) Position {
	offset := b.origin.offset + int64(n)
	if n == len(b.Text) {
		offset = b.origin.offset + b.size
	}
	at := b.origin.place(offset)
	p := b.rest
	switch {
	case !b.Late || p.place().id() == at.id():
		return p.with(at)
	case p.Before.id() == at.id():
		p.Before = at
	}
	return p
}

// cutter hands out the lines of a block, a batch at a time.
type cutter struct {
	block Block
	used  int // bytes of the block's text that were handed out
	lines []Line
}

// put makes b the block to cut.
func (c *cutter) put(b Block) { c.block, c.used = b, 0 }

// left is what has not been handed out.
func (c *cutter) left() (Block, bool) {
	b := c.block
	if c.used == len(b.Text) {
		return Block{}, false
	}
	b.Text = b.Text[c.used:]
	b.size -= int64(c.used)
	b.origin.offset += int64(c.used)
	return b, true
}

// batch returns the next lines, none if the block is used up.
func (c *cutter) batch() []Line {
	c.lines = c.lines[:0]
	for c.used < len(c.block.Text) && len(c.lines) < MaxBatch {
		text := c.block.Text[c.used:]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			c.used += i + 1
			text = text[:i]
			if i > 0 && text[i-1] == '\r' {
				text = text[:i-1]
			}
		} else {
			c.used += len(text)
		}
		c.lines = append(c.lines, Line{text[:len(text):len(text)], c.block.Position(c.used), c.block.Cut})
	}
	return c.lines
}
