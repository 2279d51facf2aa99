// Command flood measures what a flood of failures costs: the real program follows a
// log in which integrations begin to fail, and a table in markdown shows the messages, the
// memory, the CPU time and the size of the state file.
//
//	go run ./tools/flood
//	go run ./tools/flood -scenario uuids -binary dist/jira-oauth-watcher
//
// All scenarios take about five minutes. Files are in a temporary directory, connections on
// loopback. In a scenario that is paced by the program's reads, each failure is recorded in a
// separate transaction. CPU time that the program needs for answers to this tool is left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// bench is what is asked for on the command line.
type bench struct {
	binary, scenario string
	minutes          int
	burst            bool
	dir              string // for everything that is written
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var b bench
	f := flag.NewFlagSet("flood", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&b.binary, "binary", "", "`program` to measure (default: ./cmd/watcher is built)")
	f.StringVar(&b.scenario, "scenario", "", "`name` of the only scenario to run")
	f.IntVar(&b.minutes, "minutes", 3, "minutes of the log in the scenarios with 64 causes")
	f.BoolVar(&b.burst, "burst", false, `write burst = "10 in 10m" into [alerts]`)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case f.NArg() > 0 || b.minutes < 1:
		f.Usage()
		return 2
	}
	fmt.Fprintf(stdout, "    %s\n\n", strings.Join(append([]string{"go run ./tools/flood"}, args...), " "))
	if err := b.all(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "flood:", err)
		return 1
	}
	return 0
}

// all prepares and runs the scenarios.
func (b *bench) all(ctx context.Context, out io.Writer) (err error) {
	if b.dir, err = os.MkdirTemp("", "flood-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.build(ctx); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, b.binary, "version").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", b.binary, err)
	}
	texts, err := errorTexts(ctx, b.binary)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, on %d cores\n\n%s", strings.TrimSpace(string(version)), runtime.NumCPU(), tableHead)
	found := false
	for _, s := range scenarios(b.minutes) {
		if b.scenario != "" && b.scenario != s.name {
			continue
		}
		found = true
		row, err := b.measure(ctx, s, texts)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintln(out, row)
	}
	if !found {
		return fmt.Errorf("there is no scenario %q", b.scenario)
	}
	return nil
}

// build builds the program, stamped with its commit, unless one is given.
func (b *bench) build(ctx context.Context) (err error) {
	if b.binary != "" {
		b.binary, err = filepath.Abs(b.binary)
		return err
	}
	b.binary = filepath.Join(b.dir, "watcher")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=auto", "-trimpath", "-o", b.binary,
		"jira-oauth-watcher/cmd/watcher")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
