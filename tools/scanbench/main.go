// Command scanbench measures jira-oauth-watcher scan against other programs that search logs, and
// writes the figures into docs/performance.md.
//
//	go run ./tools/scanbench
//
// All rows of a table are measured in turn, round after round, so that a busy
// moment does not hit one of them.
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
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

func run(ctx context.Context, args []string, errw io.Writer) int {
	flags := flag.NewFlagSet("scanbench", flag.ContinueOnError)
	flags.SetOutput(errw)
	b := bench{progress: errw}
	page := flags.String("page", filepath.Join("docs", "performance.md"), "page whose figures are replaced")
	flags.StringVar(&b.dir, "dir", "", "directory for logs, kept for the next time; default: a temporary one")
	flags.IntVar(&b.rounds, "rounds", 5, "how often each is run")
	flags.Int64Var(&b.big, "big", 10, "GiB of the largest log; less where the disk has no room")
	if flags.Parse(args) != nil {
		return 2
	}
	if err := b.all(ctx, *page); err != nil {
		fmt.Fprintf(errw, "scanbench: %v\n", err)
		return 1
	}
	return 0
}

type bench struct {
	dir      string
	rounds   int
	big      int64 // GiB
	progress io.Writer
}

func (b *bench) all(ctx context.Context, page string) error {
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "scanbench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		b.dir = dir
	}
	if err := b.fit(); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	var figures strings.Builder
	figures.WriteString(machine(b))
	for _, t := range b.tables() {
		fmt.Fprintf(b.progress, "%s\n", t.title)
		if err := b.measure(ctx, &t); err != nil {
			return err
		}
		figures.WriteString(t.markdown())
		if t.title == bySize {
			if err := os.WriteFile(filepath.Join(filepath.Dir(page), "scan-size.svg"), []byte(plot(t.points())), 0o644); err != nil {
				return err
			}
			figures.WriteString("\n![Seconds by size](scan-size.svg)\n")
		}
	}
	return replaceFigures(page, figures.String())
}

// fit makes the largest log one that the disk and the page cache have room
// for: what is read from a disk says more about that than about programs.
func (b *bench) fit() error {
	free, memory, err := room(b.dir)
	if err != nil {
		return err
	}
	const others = 4 // GiB of the smaller logs
	if most := min(free-others, memory*2/3); most < b.big {
		fmt.Fprintf(b.progress, "there is room for a log of %d GiB, not of %d\n", most, b.big)
		b.big = most
	}
	if b.big < 2 {
		return errors.New("there is no room for logs: 8 GiB of disk and 4 of memory are needed")
	}
	return nil
}

// prepare builds the programs and makes the logs that are not there yet.
func (b *bench) prepare(ctx context.Context) error {
	for program, name := range map[string]string{"jira-oauth-watcher": "cmd/watcher", "jiralog": "tools/jiralog"} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(b.dir, program), "./"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", name, err, out)
		}
	}
	logs := []struct{ name, make string }{
		{"small.log", "./jiralog -size 64MiB -every 10000 -integrations 10"},
		{"one.log", "./jiralog -size 1GiB -every 10000 -integrations 10"},
		{"storm.log", "./jiralog -size 1GiB -every 10 -integrations 50"},
		{"flood.log", "./jiralog -size 1GiB -every 2 -integrations 100000"},
		{"provider.log", "./jiralog -size 512MiB -every 10000 -provider 6"},
		{"big.log", fmt.Sprintf("./jiralog -size %dGiB -every 10000 -integrations 10", b.big)},
		{"one.log.gz", "gzip -c one.log"},
		{"storm.log.gz", "gzip -c storm.log"},
		{"256.log", "head -c 268435456 big.log"},
		{"2048.log", "head -c 2147483648 big.log"},
	}
	for i := range parts {
		logs = append(logs, struct{ name, make string }{partName(i), fmt.Sprintf("tail -c +%d one.log | head -c 134217728 | gzip", i*134217728+1)})
	}
	for _, l := range logs {
		if _, err := os.Stat(filepath.Join(b.dir, l.name)); err == nil {
			continue
		}
		fmt.Fprintf(b.progress, "%s: %s\n", l.name, l.make)
		if err := b.shell(ctx, fmt.Sprintf("{ %s; } > tmp 2> tmp.err && mv tmp %s", l.make, l.name)); err != nil {
			return err
		}
	}
	return b.peerFiles()
}

func (b *bench) shell(ctx context.Context, line string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = b.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	return nil
}

// The marks around the figures in the page.
const (
	figuresBegin = "<!-- figures: go run ./tools/scanbench -->"
	figuresEnd   = "<!-- end of figures -->"
)

func replaceFigures(page, figures string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), figuresBegin)
	_, after, ends := strings.Cut(rest, figuresEnd)
	if !ok || !ends {
		return fmt.Errorf("%s has no place for figures", page)
	}
	return os.WriteFile(page, []byte(before+figuresBegin+"\n\n"+figures+figuresEnd+after), 0o644)
}
