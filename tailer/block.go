package tailer

// Block is a run of complete lines of one file, unchanged.
type Block struct {
	Text []byte // with line ends; the last may be missing at the end of a file. Valid until the next call
	Cut  bool   // Text is the first MaxLine bytes of a longer line, which is alone in its block
	Part bool   // bytes of another line were read after Text, which may be empty
	Late bool   // written to the previous file after it had been read to its end

	size  int64        // what Text takes of the file; more than its length if Cut
	start FilePosition // where Text begins
	rest  Position     // of a position here: all but its FilePosition; if Late, the whole position before it
}

// Memory returns the block of a text in memory, at an offset of the stream that it is a part of.
// In its positions, only Offset is set.
func Memory(text []byte, offset int64) Block {
	return Block{Text: text, size: int64(len(text)), start: FilePosition{Offset: offset}}
}

// Position is the position after the first n bytes of Text, which must end a line. After all of
// Text, it is the position after the complete line, even if Text was cut.
func (b Block) Position(n int) Position {
	at, p := b.start, b.rest
	if n == len(b.Text) {
		at.Offset += b.size
	} else {
		at.Offset += int64(n)
	}
	switch {
	case !b.Late || p.id() == at.id():
		p.FilePosition = at
	case p.Before.id() == at.id():
		p.Before = at
	}
	return p
}
