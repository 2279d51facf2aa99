//go:build man

// With the tag man the program writes its own manual pages instead: the packaged
// program needs no page generator.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags man ./cmd/watcher DIRECTORY")
		os.Exit(exitUsage)
	}
	if err := writeManual(os.Args[1], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(exitFailed)
	}
}

// writeManual writes a page for every command. epoch is the date of the pages,
// in seconds; "" means now.
func writeManual(dir, epoch string) error {
	date := time.Now()
	if epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		date = time.Unix(seconds, 0)
	}
	date = date.UTC()
	root := newRoot("jira-oauth-watcher", &app{})
	root.DisableAutoGenTag = true // no line that names the generator
	root.Long += manual
	return doc.GenManTree(root, &doc.GenManHeader{
		Section: "1", Date: &date, Source: "jira-oauth-watcher", Manual: "Jira OAuth watcher",
	}, dir)
}

// manual is what the first page says besides the usage.
//
//go:embed manual.md
var manual string
