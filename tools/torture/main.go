// Command torture proves that no line of a log is lost, repeated or disordered:
// programs that write and rotate logs as Jira and logrotate do, and readers of
// them that are killed and blocked, with a table of what became of every line.
//
//	go run ./tools/torture -markdown table.md
//	go run ./tools/torture -compare
//
// Programs that are not installed are left out, which is said; with CI=true in
// the environment it is a failure. The exit status is 1 if our reader has done
// anything wrong.
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
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

func main() {
	if readerMain() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are what is asked for on the command line.
type options struct {
	seconds, backups, parallel              int
	rates, writers, readers, markdown, keep string
	compare                                 bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.seconds, "seconds", 60, "how long each writer writes")
	f.IntVar(&o.backups, "backups", 5, "how many rotated files are kept")
	f.IntVar(&o.parallel, "parallel", 2, "how many writers at once; three times as many below 10,000 lines/s")
	f.StringVar(&o.rates, "rates", "100,2000,20000", "lines a second")
	f.StringVar(&o.writers, "writers", "", "names of writers, separated by commas (default all)")
	f.StringVar(&o.readers, "readers", "", "beginnings of the names of readers, such as ours or nxadm/kill, or of programs for live and idle (default all)")
	f.StringVar(&o.markdown, "markdown", "", "also append the table to this `file`")
	f.StringVar(&o.keep, "keep", "", "leave logs and what readers wrote down in this `directory`")
	f.BoolVar(&o.compare, "compare", false, "measure speed instead, side by side with other programs; arguments choose from backlog, follow, wake, request, live, idle")
	f.IntVar(&rounds, "rounds", rounds, "how often each comparison is made; medians are reported")
	f.StringVar(&otherBuild, "before", "", "compare with this `build` of our program too")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if o.compare {
		onlyPrograms = o.readers
		if err := compare(ctx, f.Args(), o.markdown, stdout, stderr); err != nil {
			fmt.Fprintln(stderr, "torture:", err)
			return 1
		}
		return 0
	}
	if f.NArg() > 0 {
		fmt.Fprintf(stderr, "torture: unexpected argument %q\n", f.Arg(0))
		return 2
	}
	wrong, err := o.torture(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "torture:", err)
	}
	if err != nil || wrong {
		return 1
	}
	return 0
}

// torture runs the trials and writes the table. wrong is whether our reader, or
// a missing program, is to blame.
func (o options) torture(ctx context.Context, stdout, stderr io.Writer) (wrong bool, err error) {
	trials, missing, err := o.trials()
	if err != nil {
		return false, err
	}
	for _, m := range missing {
		fmt.Fprintln(stderr, m)
		wrong = wrong || os.Getenv("CI") == "true"
	}
	results, err := runAll(ctx, trials, o.parallel, stderr)
	var rows [][]string
	for _, r := range results {
		rows = append(rows, r.cells())
	}
	if e := writeTable(stdout, heads, rows); e != nil {
		return true, e
	}
	for _, r := range results {
		if r.wrong != "" && !r.reader.peer {
			wrong = true
			fmt.Fprintf(stderr, "FAILED: %s at %d lines/s, %s: %s\n", r.trial.writer.name, r.trial.rate, r.reader.name, r.wrong)
		}
	}
	if err != nil {
		return wrong, err
	}
	return wrong, writeMarkdown(o.markdown, heads, rows)
}

// trials are those that are asked for and possible, and sentences on those that
// are not possible.
func (o options) trials() (trials []trial, missing []string, err error) {
	var readers []readerKind
	for _, k := range readerKinds {
		if chosen(o.readers, k.name, strings.HasPrefix) {
			readers = append(readers, k)
		}
	}
	var able []writer
	for _, w := range writers {
		if !chosen(o.writers, w.name, func(a, b string) bool { return a == b }) {
			continue
		}
		if why := w.missing(); why != "" {
			missing = append(missing, why)
			continue
		}
		able = append(able, w)
	}
	if len(readers) == 0 || len(able)+len(missing) == 0 {
		return nil, nil, errors.New("no such reader or writer")
	}
	for field := range strings.SplitSeq(o.rates, ",") {
		rate, err := strconv.ParseInt(field, 10, 64)
		if err != nil || rate <= 0 {
			return nil, nil, fmt.Errorf("%q is no rate", field)
		}
		for _, w := range able {
			trials = append(trials, trial{w, rate, int64(o.seconds), o.backups, readers, o.keep})
		}
	}
	return trials, missing, nil
}

// chosen is whether list, separated by commas, has an entry that fits name. An
// empty list has all.
func chosen(list, name string, fits func(name, entry string) bool) bool {
	return list == "" || slices.ContainsFunc(strings.Split(list, ","), func(e string) bool { return fits(name, e) })
}

// missing is a sentence on what the writer lacks, "" if nothing.
func (w writer) missing() string {
	for _, n := range w.needs {
		_, err := exec.LookPath(n.path)
		if strings.Contains(n.path, "/") {
			_, err = os.Stat(n.path)
		}
		if err != nil {
			return fmt.Sprintf("%s is left out: no %s (Debian: apt-get install %s)", w.name, n.path, n.pkg)
		}
	}
	return ""
}

// runAll runs the trials rate by rate, some at once. What is done when ctx ends
// is returned with the error.
func runAll(ctx context.Context, trials []trial, parallel int, progress io.Writer) ([]result, error) {
	results := make([][]result, len(trials))
	errs := make([]error, len(trials))
	for begin := 0; begin < len(trials) && ctx.Err() == nil; {
		atOnce := max(parallel, 1)
		if trials[begin].rate < 10_000 {
			atOnce *= 3
		}
		end := begin
		var wg sync.WaitGroup
		for ; end < len(trials) && end < begin+atOnce && trials[end].rate == trials[begin].rate; end++ {
			i := end
			wg.Go(func() { results[i], errs[i] = trials[i].run(ctx) })
			fmt.Fprintf(progress, "%s at %d lines/s for %d s\n", trials[i].writer.name, trials[i].rate, trials[i].seconds)
		}
		wg.Wait()
		begin = end
	}
	return slices.Concat(results...), errors.Join(append(errs, ctx.Err())...)
}
