package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ran is one run of a program.
type ran struct {
	took, cpu time.Duration
	peak      int64 // KiB
	found     int
}

// measure runs all rows of a table in turn.
func (b *bench) measure(ctx context.Context, t *table) error {
	t.rows = slices.DeleteFunc(t.rows, func(r row) bool {
		if r.needs == "" {
			return false
		}
		_, err := exec.LookPath(r.needs)
		if err != nil {
			fmt.Fprintf(b.progress, "%s is left out: %s is not installed\n", r.name, r.needs)
		}
		return err != nil
	})
	if err := b.sizes(t); err != nil {
		return err
	}
	for _, r := range t.rows { // into the page cache
		if err := b.shell(ctx, "cat "+r.log+" > /dev/null"); err != nil {
			return err
		}
	}
	for round := range b.rounds {
		for i := range t.rows {
			r := &t.rows[i]
			calm(ctx)
			got, err := b.once(ctx, *r)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			fmt.Fprintf(b.progress, "  round %d: %s, %.3f s\n", round+1, r.name, got.took.Seconds())
			r.runs = append(r.runs, got)
		}
	}
	return nil
}

// once runs a program to its end. What it prints goes into a pipe: some stop at the
// first hit when their output is not read.
func (b *bench) once(ctx context.Context, r row) (ran, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(r.words, "{log}", r.log))
	if r.cores == 1 {
		cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", strconv.Itoa(runtime.NumCPU() - 1)}, cmd.Args...)...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	}
	cmd.Dir = b.dir
	out := &ends{}
	var errw bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errw
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		return ran{}, fmt.Errorf("%w\n%s", err, &errw)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return ran{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss, found(out, r.count)}, nil
}

// ends is the beginning and the end of what a program prints. To keep it all
// would show in the programs' memory: a process begins with that of the one
// that starts it.
type ends struct {
	head, tail []byte
	hits       int // lines of SEC
}

const maxEnd = 16 << 10

func (e *ends) Write(p []byte) (int, error) {
	e.hits += bytes.Count(p, []byte("hit\n"))
	e.head = append(e.head, p[:min(len(p), maxEnd-len(e.head))]...)
	e.tail = append(e.tail, p...)
	e.tail = append(e.tail[:0], e.tail[max(len(e.tail)-maxEnd, 0):]...)
	return len(p), nil
}

func found(out *ends, count *regexp.Regexp) int {
	if count == nil {
		return out.hits
	}
	m := count.FindSubmatch(out.head)
	if m == nil {
		m = count.FindSubmatch(out.tail)
	}
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// median of what each run says.
func (r row) median(of func(ran) float64) float64 {
	var all []float64
	for _, one := range r.runs {
		all = append(all, of(one))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (t *table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", t.title)
	b.WriteString("| program | cores | log | median s | best | worst | CPU s | GB/s | peak MB | found |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		took := func(x ran) float64 { return x.took.Seconds() }
		median := r.median(took)
		best, worst := median, median
		for _, one := range r.runs {
			best, worst = min(best, took(one)), max(worst, took(one))
		}
		cores := strconv.Itoa(r.cores)
		if r.cores == 0 {
			cores = strconv.Itoa(runtime.NumCPU())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.3f | %.3f | %.3f | %.3f | %.2f | %.0f | %d |\n", r.name, cores, bytesOf(r.size), median, best, worst,
			r.median(func(x ran) float64 { return x.cpu.Seconds() }), float64(r.size)/1e9/median,
			r.median(func(x ran) float64 { return float64(x.peak) / 1024 }), r.runs[0].found)
	}
	b.WriteString("\n")
	var said []string
	for _, r := range t.rows {
		words := strings.ReplaceAll(r.words, "{log}", r.log)
		if !slices.Contains(said, words) {
			said = append(said, words)
			b.WriteString("    " + words + "\n")
		}
	}
	return b.String() + "\n"
}

func bytesOf(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.0f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// room is the free disk and the memory, in GiB.
func room(dir string) (free, memory int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0, 0, err
	}
	return int64(fs.Bavail) * fs.Bsize >> 30, int64(info.Totalram) * int64(info.Unit) >> 30, nil
}

// sizes fills in how large the logs are.
func (b *bench) sizes(t *table) error {
	for i := range t.rows {
		info, err := os.Stat(filepath.Join(b.dir, t.rows[i].log))
		if err != nil {
			return err
		}
		t.rows[i].size = info.Size()
	}
	return nil
}
