package conf

import "os"

// Stdout is the name of standard output in place of a file's.
const Stdout = "-"

func (b *builder) ship(file *string, logs []Log) {
	if b.source.Has("ship") && !b.source.Has("ship.file") {
		b.problem("ship", `file is missing, write file = "/var/log/jira-oauth-watcher/failures.ndjson", or "-" for `+
			"standard output")
	}
	if !b.good("ship.file") || *file == Stdout {
		return
	}
	b.absolute("ship.file", file)
	if info, err := os.Stat(*file); err == nil && !info.Mode().IsRegular() {
		b.problem("ship.file", `not a regular file, write the path of a file, or "-" for standard output`)
	}
	for _, l := range logs {
		if l.Path != "" && SameFile(l.Path, *file) {
			b.problem("ship.file", "the log %s is the same file, write another path", quote(l.Name))
		}
	}
}
