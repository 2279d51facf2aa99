package tailer

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
