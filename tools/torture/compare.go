package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

var (
	rounds     = 5    // of everything; medians are reported
	otherBuild string // of our program, to compare with; "" = none

	onlyPrograms string // see options.readers
)

// comparison is a kind of measurement: a table of some programs, ours first.
type comparison struct {
	name    string
	heads   []string
	measure func(ctx context.Context, dir string, progress io.Writer) ([][]string, error)
}

var comparisons = []comparison{
	{"backlog", []string{"1 GiB in the page cache", "median s", "best", "worst", "CPU s", "GB/s", "found"}, compareBacklog},
	{"follow", []string{"256 MiB appended at full speed", "median s", "best", "worst", "CPU s", "MB/s", "found"}, compareFollow},
	{"wake", []string{"write to read, 500 lines/s", "p50 ms", "p99 ms"}, compareWake},
	{"request", []string{"write of a failure to HTTP request", "p50 ms", "p99 ms", "worst ms", "received of 200"}, compareRequest},
	{"live", liveHeads, compareLive},
	{"idle", []string{"a quiet log", "CPU % of a core", "wake-ups/s", "RSS MiB"}, compareIdle},
}

// compare measures what is chosen; nothing chosen is everything.
func compare(ctx context.Context, choice []string, markdown string, stdout, stderr io.Writer) error {
	for _, name := range choice {
		if !slices.ContainsFunc(comparisons, func(c comparison) bool { return c.name == name }) {
			return fmt.Errorf("there is no comparison %q", name)
		}
	}
	if otherBuild != "" {
		livePrograms[len(livePrograms)-1].name, idlePrograms[len(idlePrograms)-1].name = "ours before", "ours before"
	}
	defer func() {
		for _, binary := range builds {
			os.RemoveAll(filepath.Dir(binary))
		}
		for _, dir := range inMemory {
			os.RemoveAll(dir)
		}
	}()
	var errs []error
	for _, c := range comparisons {
		if ctx.Err() != nil || len(choice) > 0 && !slices.Contains(choice, c.name) {
			continue
		}
		if err := c.run(ctx, markdown, stdout, stderr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

func (c comparison) run(ctx context.Context, markdown string, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rows, err := c.measure(ctx, dir, stderr)
	if err != nil {
		return err
	}
	if err := writeTable(stdout, c.heads, rows); err != nil {
		return err
	}
	fmt.Fprintln(stdout)
	return writeMarkdown(markdown, c.heads, rows)
}
