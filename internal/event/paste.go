package event

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Paste removes what tools and web pages add to the lines of a log that a person pastes: grep and
// Select-String, cat -n, web pages, the journal. The zero value is ready to use. It must not be
// used for a followed log, in which it would let a user's text pass for a header.
type Paste struct {
	plain   bool           // a header without a prefix was seen, so no line has one
	before  *regexp.Regexp // what precedes the lines that continue the last event, nil = nothing
	counts  bool           // before is a line number, its first submatch
	number  int            // of the last line
	grepped bool           // a line -- separates what was found
	journal bool           // the journal's fields are around the lines
}

// maxPrefix is how far into a line its header may begin.
const maxPrefix = 300

var (
	// Escapes for colors, and characters without a width.
	unseen = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]|[\u200b-\u200d\u2060\ufeff]")
	spaces = regexp.MustCompile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")

	numbered = regexp.MustCompile(`^\s*(\d{1,9})(?:[:|.)-]|\s)\s*$`)
	named    = regexp.MustCompile(`^[> ]{0,2}([^\s>].*?)[:-](?:\d{1,9}[:-])?$`)
	journal  = regexp.MustCompile(`^\s*(MESSAGE=)$`)
	field    = regexp.MustCompile(`^\s*_{0,2}[A-Z][A-Z0-9_]*=`)
	cursor   = regexp.MustCompile(`^\s*__(?:CURSOR|REALTIME_TIMESTAMP)=`)
)

// Line returns a line as it is in the log, or several lines if an envelope holds them. apart
// reports that the line separates events and belongs to none.
func (p *Paste) Line(line []byte) (text []byte, apart bool) {
	line = trimEnd(line)
	if bytes.ContainsFunc(line, func(r rune) bool { return r == 0x1b || r >= utf8.RuneSelf }) {
		line = spaces.ReplaceAll(unseen.ReplaceAll(line, nil), []byte(" "))
	}
	own := bare(line)
	if text := unwrap(own, 0); !bytes.Equal(text, own) {
		return text, false
	}
	switch {
	case Begins(line):
		p.plain, p.before = p.plain || IsJira(line), nil
		return line, false
	case p.grepped && string(line) == "--":
		return nil, true
	case cursor.Match(line):
		p.journal = true
	}
	if at := headerIn(line); at > 0 && !p.plain {
		p.expect(line[:at])
		return line[at:], false
	}
	if p.before != nil {
		if m := p.before.FindSubmatchIndex(line); m != nil && (!p.counts || p.follows(line[m[2]:m[3]])) {
			return line[m[1]:], false
		}
	}
	if p.journal && field.Match(line) {
		if i := bytes.Index(line, []byte("MESSAGE=")); i < 0 || len(bytes.TrimSpace(line[:i])) > 0 {
			return nil, false
		}
	}
	return line, false
}

// headerIn is where in a line a header of Jira's begins after something else,
// -1 = nowhere.
func headerIn(line []byte) int {
	for at := 1; at < min(len(line), maxPrefix); at++ {
		if !digit(line[at-1]) && dated(line[at:]) && IsJira(line[at:]) {
			return at
		}
	}
	return -1
}

// expect notes what was put before a header, and so is before the lines that
// continue its event.
func (p *Paste) expect(prefix []byte) {
	p.before, p.counts = nil, false
	if m := numbered.FindSubmatch(prefix); m != nil {
		p.counts, p.before, p.grepped = true, regexp.MustCompile(`^\s*(\d{1,9})[:|.)\s-]`), true
		p.number, _ = strconv.Atoi(string(m[1]))
	} else if journal.Match(prefix) {
		p.journal, p.before = true, regexp.MustCompile(`^\s*MESSAGE=`)
	} else if m := named.FindSubmatch(prefix); m != nil {
		name := regexp.QuoteMeta(string(m[1]))
		p.grepped, p.before = true, regexp.MustCompile(`^[> ]{0,2}`+name+`[:-](?:\d{1,9}[:-])?`)
	}
}

// follows reports whether a number is that of the next line, since other lines begin
// with numbers too.
func (p *Paste) follows(number []byte) bool {
	n, err := strconv.Atoi(string(number))
	if err != nil || n != p.number+1 {
		return false
	}
	p.number = n
	return true
}

// maxDocument is how much of a text may be one JSON document. What is longer
// is read line by line.
const maxDocument = 16 << 20

// Pasted returns pasted text as UTF-8. UTF-16 with a byte order mark is decoded, and text that is
// one JSON document is split into one record per line.
func Pasted(in io.Reader) io.Reader { return &pastedReader{in: in} }

// pastedReader examines its input when it is first read: that may block.
type pastedReader struct{ in, out io.Reader }

func (p *pastedReader) Read(b []byte) (int, error) {
	if p.out == nil {
		p.out = recoded(p.in)
	}
	return p.out.Read(b)
}

func recoded(raw io.Reader) io.Reader {
	in := bufio.NewReader(transform.NewReader(raw, unicode.BOMOverride(encoding.Nop.NewDecoder())))
	if first, _ := in.Peek(1); len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return in
	}
	text, err := io.ReadAll(io.LimitReader(in, maxDocument))
	if err != nil || len(text) == maxDocument {
		return io.MultiReader(bytes.NewReader(text), in)
	}
	records, err := documents(text)
	if err != nil {
		return bytes.NewReader(text)
	}
	return records
}

// documents are the JSON values of a text, one per line; each element of an array is
// one.
func documents(text []byte) (io.Reader, error) {
	var out bytes.Buffer
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var v json.RawMessage
		if err := d.Decode(&v); err == io.EOF {
			return &out, nil
		} else if err != nil {
			return nil, err
		}
		all := []json.RawMessage{v}
		if v[0] == '[' {
			_ = json.Unmarshal(v, &all)
		}
		for _, v := range all {
			_ = json.Compact(&out, v) // it is valid
			out.WriteByte('\n')
		}
	}
}
