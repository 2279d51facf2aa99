// Command simulate runs the whole daemon in simulated worlds: logs that are rotated,
// truncated and removed, kills and restarts, clock steps, reloads and receivers that
// fail, all under simulated time and each from a seed. After each world the promises of
// the README are checked. With -node, a world is a Jira node with its people, and a model
// says which alerts its logs prove.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/matchers"
)

// nobody is the user ID that worlds run as when root starts them: root may read
// everything.
const nobody = 65534

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errw io.Writer) int {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.SetOutput(errw)
	worlds := flags.Uint64("worlds", 1000, "how many worlds to run")
	first := flags.Uint64("seed", 1, "the first seed; with -worlds 1 the only one")
	jobs := flags.Uint64("jobs", 1, "how many processes to use")
	nodes := flags.Bool("node", false, "run worlds of a Jira node and the people who use it")
	script := flags.String("script", "", "run the world of this file")
	story := flags.Bool("story", false, "print what happens")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *jobs > 1 {
		return spread(*first, *worlds, *jobs, *nodes, out, errw)
	}
	defer unprivileged()()
	set, err := matchers.Builtin()
	if err != nil {
		fmt.Fprintln(errw, "simulate:", err)
		return 1
	}
	if *script != "" {
		return replay(*script, set, out, errw)
	}
	if *nodes {
		return runNodes(*first, *worlds, *story, set, out)
	}
	begin, failed, sum := time.Now(), 0, figures{}
	for seed := *first; seed < *first+*worlds; seed++ {
		s := draw(seed)
		w, wrong := simulate(s, set)
		sum.add(w)
		if *story {
			fmt.Fprintln(out, strings.Join(w.story, "\n"))
		}
		if wrong != nil {
			failed++
			report(out, shorter(s, wrong, set), set)
		}
	}
	fmt.Fprintf(out, "%d worlds in %s, %d failed: %s\n", *worlds, time.Since(begin).Round(time.Second), failed, sum)
	return min(failed, 1)
}

// simulate runs one world, and returns the promise that is broken.
func simulate(s Script, set *matchers.Set) (*world, *broken) {
	w, err := newWorld(s.Setup, set)
	if err != nil {
		panic(err)
	}
	defer w.remove()
	return w, w.play(s.Steps)
}

// shorter leaves out of a failing world what it fails without.
func shorter(s Script, wrong *broken, set *matchers.Set) Script {
	fails := func(steps []Step) bool {
		_, again := simulate(Script{s.Setup, steps}, set)
		return again != nil && again.promise == wrong.promise
	}
	for before := -1; before != len(s.Steps); {
		before = len(s.Steps)
		for size := max(before/2, 1); size > 0; size /= 2 {
			for at := 0; at+size <= len(s.Steps); {
				less, merged := without(s.Steps, at, size)
				switch {
				case fails(less):
					s.Steps = less
				case merged != nil && fails(merged):
					s.Steps = merged
				default:
					at += size
				}
			}
		}
	}
	return s
}

// without leaves steps out, together with the time that they took or, in merged,
// without that.
func without(steps []Step, at, size int) (less, merged []Step) {
	less = append(slices.Clone(steps[:at]), steps[at+size:]...)
	if at == len(less) {
		return less, nil
	}
	merged = slices.Clone(less)
	for _, s := range steps[at : at+size] {
		merged[at].After += s.After
	}
	return less, merged
}

// report prints a failing world: its story, what is wrong, and its script.
func report(out io.Writer, s Script, set *matchers.Set) {
	w, wrong := simulate(s, set)
	fmt.Fprintf(out, "--- seed %d\n%s\n=== %s\n", s.Seed, strings.Join(w.story, "\n"), wrong)
	fmt.Fprintf(out, "--- the script, for -script and testdata:\n%s\n", s)
}

func replay(file string, set *matchers.Set, out, errw io.Writer) int {
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(errw, "simulate:", err)
		return 2
	}
	s, err := parse(string(text))
	if err != nil {
		fmt.Fprintf(errw, "simulate: %s: %v\n", file, err)
		return 2
	}
	w, wrong := simulate(s, set)
	fmt.Fprintf(out, "%s\n--- what the daemon logged:\n%s", strings.Join(w.story, "\n"), w.said.String())
	if wrong == nil {
		fmt.Fprintln(out, "=== all promises are kept")
		return 0
	}
	fmt.Fprintln(out, "===", wrong)
	return 1
}

// spread runs worlds in several processes: the clock is one for each.
func spread(first, worlds, jobs uint64, nodes bool, out, errw io.Writer) int {
	var wait sync.WaitGroup
	failed := make([]bool, jobs)
	for i := range jobs {
		from, to := first+worlds*i/jobs, first+worlds*(i+1)/jobs
		c := exec.Command(os.Args[0], "-seed", fmt.Sprint(from), "-worlds", fmt.Sprint(to-from),
			fmt.Sprintf("-node=%t", nodes))
		c.Stdout, c.Stderr = out, errw
		wait.Go(func() { failed[i] = c.Run() != nil })
	}
	wait.Wait()
	for _, f := range failed {
		if f {
			return 1
		}
	}
	return 0
}

// runNodes runs worlds of a Jira node.
func runNodes(first, worlds uint64, story bool, set *matchers.Set, out io.Writer) int {
	begin, failed, reordered, alerts := time.Now(), 0, 0, map[alert.Kind]int{}
	for seed := first; seed < first+worlds; seed++ {
		n, wrong := simulateNode(seed, set, nil)
		for _, a := range n.w.receivers[0].alerts {
			alerts[a.Data.Kind]++
		}
		if wrong == nil && n.tried > 1 {
			reordered++
		}
		if story || wrong != nil {
			fmt.Fprintf(out, "--- seed %d\n%s\n", seed, strings.Join(n.w.story, "\n"))
		}
		if wrong != nil {
			failed++
			fmt.Fprintf(out, "=== seed %d: %s\n", seed, wrong)
		}
	}
	took := time.Since(begin).Round(time.Second)
	fmt.Fprintf(out, "%d nodes in %s, %d failed, %d depend on the order of simultaneous lines: alerts %v\n",
		worlds, took, failed, reordered, alerts)
	return min(failed, 1)
}

// unprivileged drops root's privileges until the returned function is called.
func unprivileged() (restore func()) {
	if os.Geteuid() != 0 {
		return func() {}
	}
	if err := syscall.Setreuid(-1, nobody); err != nil {
		panic(err)
	}
	return func() { syscall.Setreuid(-1, 0) }
}

// figures add up worlds.
type figures struct {
	failures, counted, lost, alerts, accepted int
	time                                      time.Duration
}

func (f *figures) add(w *world) {
	for _, x := range w.model.failures {
		f.failures++
		f.counted += x.counted
		if x.lost != never && x.counted == 0 {
			f.lost++
		}
	}
	f.alerts += len(w.model.order)
	for _, r := range w.receivers {
		f.accepted += len(r.accepted)
	}
	f.time += w.machine.mono
}

func (f figures) String() string {
	const form = "%d days of simulated time, %d failures written, %d counted, %d gone unread, " +
		"%d alerts, %d requests accepted"
	return fmt.Sprintf(form, f.time/(24*time.Hour), f.failures, f.counted, f.lost, f.alerts, f.accepted)
}
