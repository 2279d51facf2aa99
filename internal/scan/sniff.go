package scan

import (
	"bytes"
	"time"

	"jira-oauth-watcher/internal/event"
)

// headSize is how much of a log is looked at before it is read.
const headSize = 64 << 10

// kind is what a file's first bytes say that it is.
type kind int

const (
	plain kind = iota
	gzipped
	zipped
)

func kindOf(head []byte) kind {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzipped
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipped
	}
	return plain
}

// foreign are the first bytes of what this program does not read.
var foreign = []struct{ magic, what string }{
	{"\x28\xb5\x2f\xfd", "it is compressed by zstd: unpack it first"},
	{"\xfd7zXZ\x00", "it is compressed by xz: unpack it first"},
	{"BZh", "it is compressed by bzip2: unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it first"},
	{"\xff\xfe", "it is UTF-16 text: save it as UTF-8 first"},
	{"\xfe\xff", "it is UTF-16 text: save it as UTF-8 first"},
}

// binaryWithin is where a byte 0 says that a file is no text.
const binaryWithin = 8 << 10

// refusal is why what begins so is no log, "" = it may be one.
func refusal(head []byte, size int64) string {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.what
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "it is a tar archive: unpack it first"
	}
	if bytes.IndexByte(head[:min(len(head), binaryWithin)], 0) >= 0 && firstHeader(head) < 0 {
		return "it is a binary file, not a log"
	}
	return ""
}

// lineAt is the line that begins at a place of text, without its end, and
// where the next one begins.
func lineAt(text []byte, at int) (line []byte, next int) {
	next = len(text)
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		next = at + i + 1
	}
	line = bytes.TrimSuffix(text[at:next], []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), next
}

// firstHeader is where the first line stands that begins an event, -1 = none.
func firstHeader(text []byte) int {
	for at := 0; at < len(text); {
		line, next := lineAt(text, at)
		if event.Begins(line[:min(len(line), event.MaxText)]) {
			return at
		}
		at = next
	}
	return -1
}

// lastHeader is where the last line stands that begins an event, -1 = none.
func lastHeader(text []byte) int {
	for end := len(text); end > 0; {
		at := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if line, _ := lineAt(text[:end], at); event.Begins(line[:min(len(line), event.MaxText)]) {
			return at
		}
		end = at
	}
	return -1
}

// timeOf is the time of the event that a line begins, zero when it is
// impossible.
func timeOf(header []byte, zone *time.Location) time.Time {
	line, _ := lineAt(header, 0)
	h, _, _ := event.Parse(string(line[:min(len(line), event.MaxText)]), zone)
	return h.Time
}

// firstTime is the time of the first event of which a text has the beginning.
func firstTime(text []byte) time.Time {
	if at := firstHeader(text); at >= 0 {
		return timeOf(text[at:], nil)
	}
	return time.Time{}
}
