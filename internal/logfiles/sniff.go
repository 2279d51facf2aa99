package logfiles

import (
	"bytes"
	"cmp"
	"io"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// prefixSize is how much of a log is checked before it is read.
const prefixSize = 64 << 10

func isGzip(prefix []byte) bool { return bytes.HasPrefix(prefix, []byte("\x1f\x8b")) }

// isZip reports whether a file is a zip by its first bytes. An empty one begins with its end.
func isZip(prefix []byte) bool {
	return bytes.HasPrefix(prefix, []byte("PK\x03\x04")) || bytes.HasPrefix(prefix, []byte("PK\x05\x06"))
}

// foreign are the first bytes of what this program does not read.
var foreign = []struct{ magic, what string }{
	{"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"},
	{"\xfd7zXZ\x00", "it is compressed with xz: unpack it first"},
	{"BZh", "it is compressed with bzip2: unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it first"},
	{"\xff\xfe", "it is UTF-16 text: save it as UTF-8 first"},
	{"\xfe\xff", "it is UTF-16 text: save it as UTF-8 first"},
}

// binaryWithin is where a byte 0 means that a file is not text.
const binaryWithin = 8 << 10

// refusal is why what begins with a prefix is not a log, "" = it may be one.
func refusal(prefix []byte) string {
	for _, f := range foreign {
		if bytes.HasPrefix(prefix, []byte(f.magic)) {
			return f.what
		}
	}
	if len(prefix) > 262 && string(prefix[257:262]) == "ustar" {
		return "it is a tar archive: unpack it first"
	}
	if bytes.IndexByte(prefix[:min(len(prefix), binaryWithin)], 0) >= 0 && event.FirstHeader(prefix) < 0 {
		return "it is a binary file, not a log"
	}
	return ""
}

// sniff records what the prefix of a log shows: whether it can be one, and the time of
// its first event.
func (f *File) sniff(prefix []byte) {
	f.Problem = refusal(prefix)
	if f.Kind.Lines() {
		f.First = cmp.Or(matchers.FirstTime(prefix), f.First)
		return
	}
	if at := event.FirstHeader(prefix); at >= 0 {
		f.First = cmp.Or(event.HeaderTime(prefix[at:], nil), f.First)
	}
}

// peek is sniff for what must be unpacked.
func (f *File) peek() {
	r, err := f.Unpack(nil)
	if err != nil {
		f.Problem = Reason(err)
		return
	}
	defer r.Close()
	prefix := make([]byte, prefixSize)
	n, err := io.ReadFull(r, prefix)
	if n == 0 && err != io.EOF {
		f.Problem = Reason(err)
		return
	}
	f.sniff(prefix[:n])
}

// prefixOf is the beginning of what a file holds, and its offset: a hole
// before it is left where a log was truncated whose writer kept its own offset.
func prefixOf(path string) (prefix []byte, start int64, err error) {
	file, err := tailer.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	start = tailer.NextData(file, 0)
	prefix = make([]byte, prefixSize)
	n, err := file.ReadAt(prefix, start)
	if err == io.EOF {
		err = nil
	}
	if n == 0 && start > 0 { // it is nothing but a hole
		return prefix[:1], 0, err
	}
	if prefix = prefix[:n]; start > 0 {
		prefix = bytes.TrimLeft(prefix, "\x00") // of the hole's last block
	}
	return prefix, start, err
}
