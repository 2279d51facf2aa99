package conf

import "os"

// Stdout is the name of standard output in place of a file's.
const Stdout = "-"

func (b *builder) ship(f *rawShip, logs []Log) (file string) {
	switch {
	case f.File == nil && !b.source.Has("ship"), b.source.Has("ship.file") && f.File == nil:
		return ""
	case f.File == nil:
		b.problem("ship", `file is missing, write file = "/var/log/jira-oauth-watcher/failures.ndjson", or "-" for `+
			"standard output")
		return ""
	case *f.File == Stdout:
		return Stdout
	}
	b.absolute(&file, "ship.file", f.File)
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		b.problem("ship.file", `not a regular file, write the path of a file, or "-" for standard output`)
	}
	for _, l := range logs {
		if l.Path != "" && SameFile(l.Path, file) {
			b.problem("ship.file", "the log %s is the same file, write another path", quote(l.Name))
		}
	}
	return file
}
