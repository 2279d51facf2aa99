package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process group has used. Wake-ups are voluntary context switches, of
// processes that have not ended.
type usage struct {
	at    time.Time
	took  time.Duration
	cpu   time.Duration
	wakes int64
	rss   float64 // MiB
}

func (u usage) minus(before usage) usage {
	return usage{took: u.at.Sub(before.at), cpu: u.cpu - before.cpu, wakes: u.wakes - before.wakes, rss: u.rss}
}

func (u usage) plus(other usage) usage {
	return usage{took: u.took + other.took, cpu: u.cpu + other.cpu, wakes: u.wakes + other.wakes, rss: max(u.rss, other.rss)}
}

func (u usage) percent() float64 { return 100 * u.cpu.Seconds() / u.took.Seconds() }

func (u usage) wakesPerSecond() float64 { return float64(u.wakes) / u.took.Seconds() }

// usageOf adds up the processes of a group, with their children that have ended.
func usageOf(group int) usage {
	u := usage{at: time.Now()}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		text, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
		if len(fields) < 22 || fields[2] != strconv.Itoa(group) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		var spec unix.Timespec
		if unix.ClockGettime(int32(^pid<<3|2), &spec) == nil { // CPUCLOCK_SCHED of the process
			u.cpu += time.Duration(spec.Nano())
		}
		for _, f := range fields[13:15] { // of children
			n, _ := strconv.Atoi(f)
			u.cpu += time.Duration(n) * 10 * time.Millisecond // USER_HZ is 100
		}
		pages, _ := strconv.Atoi(fields[21])
		u.rss += float64(pages*os.Getpagesize()) / (1 << 20)
		tasks, _ := filepath.Glob(dir + "/task/*/status")
		for _, task := range tasks {
			status, _ := os.ReadFile(task)
			_, after, _ := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
			line, _, _ := strings.Cut(after, "\n")
			n, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			u.wakes += n
		}
	}
	return u
}

// cost is what one measurement of a program found; CPU is in percent of a core.
type cost struct {
	p50, p99         time.Duration
	cpu, calm        float64
	wakes, calmWakes float64
	perAlert         float64 // ms
	rss              float64 // MiB
}

func (c cost) cells() []string {
	return []string{
		millis(c.p50), millis(c.p99), fmt.Sprintf("%.1f", c.cpu), fmt.Sprintf("%.1f", c.calm),
		fmt.Sprintf("%.2f", c.perAlert), fmt.Sprintf("%.0f (%.0f)", c.wakes, c.calmWakes), fmt.Sprintf("%.1f", c.rss),
	}
}

// atRest are the figures of a program that has nothing to do.
func (c cost) atRest() []string {
	return []string{fmt.Sprintf("%.4f", c.cpu), fmt.Sprintf("%.1f", c.wakes), fmt.Sprintf("%.1f", c.rss)}
}

func (c cost) String() string { return strings.Join(c.cells(), ", ") }

// median has the median of each figure.
func median(all []cost) (m cost) {
	figure := func(f func(*cost) *float64) {
		var list []float64
		for i := range all {
			list = append(list, *f(&all[i]))
		}
		slices.Sort(list)
		*f(&m) = list[len(list)/2]
	}
	for _, f := range []func(*cost) *float64{
		func(c *cost) *float64 { return &c.cpu }, func(c *cost) *float64 { return &c.calm },
		func(c *cost) *float64 { return &c.wakes }, func(c *cost) *float64 { return &c.calmWakes },
		func(c *cost) *float64 { return &c.perAlert }, func(c *cost) *float64 { return &c.rss },
	} {
		figure(f)
	}
	var p50, p99 []time.Duration
	for _, c := range all {
		p50, p99 = append(p50, c.p50), append(p99, c.p99)
	}
	slices.Sort(p50)
	slices.Sort(p99)
	m.p50, m.p99 = p50[len(p50)/2], p99[len(p99)/2]
	return m
}
