package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	failuresPerSecond = 8
	turns             = 3                 // of the two that follow
	calmFor           = 2 * time.Second   // of ordinary lines only
	failingFor        = 3 * time.Second   // of ordinary lines with failures among them
	atRest            = 140 * time.Second // until a program that has nothing to do has noticed it
	idleFor           = 30 * time.Second
)

// liveHeads are the columns of compareLive. CPU is of a core.
var liveHeads = []string{"lines/s", "program", "p50 ms", "p99 ms", "CPU %", "CPU % without failures", "CPU ms per alert",
	"wake-ups/s", "RSS MiB"}

// compareLive measures programs that follow a log as it is written, each event with one
// write: from the write of a failure to the request, and what the program costs.
func compareLive(ctx context.Context, dir string, progress io.Writer) (rows [][]string, err error) {
	for _, rate := range []int64{200, 5000} {
		var measured [][]cost
		var names []string
		for round := range rounds {
			for i, s := range present(livePrograms, progress, round == 0) {
				sub := filepath.Join(dir, fmt.Sprint(rate, "-", round, "-", i))
				c, err := s.live(ctx, sub, rate)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", s.name, err)
				}
				fmt.Fprintf(progress, "round %d, %d lines/s, %s: %v\n", round+1, rate, s.name, c)
				if round == 0 {
					names, measured = append(names, s.name), append(measured, nil)
				}
				measured[i] = append(measured[i], c)
			}
		}
		for i, name := range names {
			rows = append(rows, append([]string{number(rate), name}, median(measured[i]).cells()...))
		}
	}
	return rows, nil
}

// compareIdle measures programs whose log is quiet, all at the same time.
func compareIdle(ctx context.Context, dir string, progress io.Writer) (rows [][]string, err error) {
	all := present(idlePrograms, progress, true)
	var running []*live
	defer func() {
		for _, l := range running {
			l.stop()
		}
	}()
	for i, s := range all {
		l, err := s.begin(ctx, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		running = append(running, l)
	}
	pause(ctx, atRest)
	measured := make([][]cost, len(all))
	for round := range rounds {
		before := make([]usage, len(all))
		for i, l := range running {
			before[i] = usageOf(l.group)
		}
		pause(ctx, idleFor)
		for i, l := range running {
			used := usageOf(l.group).minus(before[i])
			c := cost{cpu: used.percent(), wakes: used.wakesPerSecond(), rss: used.rss}
			fmt.Fprintf(progress, "round %d, idle, %s: %s\n", round+1, all[i].name, strings.Join(c.atRest(), ", "))
			measured[i] = append(measured[i], c)
		}
	}
	for i, s := range all {
		rows = append(rows, append([]string{s.name}, median(measured[i]).atRest()...))
	}
	return rows, ctx.Err()
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, long time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(long):
	}
}

// present are the senders whose programs are installed.
func present(all []sender, progress io.Writer, report bool) (list []sender) {
	for _, s := range all {
		switch why := s.missing(); {
		case s.name == "" || !chosen(onlyPrograms, s.name, strings.HasPrefix): // "": there is no -before
		case why == "":
			list = append(list, s)
		case report:
			fmt.Fprintln(progress, why)
		}
	}
	return list
}

// live is a running program with its log, and what arrived of it.
type live struct {
	log     *os.File
	group   int
	started int // failures that came in begin
	written int // the others
	stop    func()

	mu      sync.Mutex
	arrived map[int]time.Time // by number of the failure
}

// begin starts the program and waits until it reports a failure.
func (s sender) begin(ctx context.Context, dir string) (*live, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	l := &live{arrived: map[int]time.Time{}}
	url, stopServing, err := receive(l.take)
	if err != nil {
		return nil, err
	}
	a, err := openAppender(filepath.Join(dir, "atlassian-jira.log"))
	if err != nil {
		stopServing()
		return nil, err
	}
	l.log = a.f
	if s.prepare != nil {
		if err := s.prepare(dir, a.path); err != nil {
			stopServing()
			return nil, err
		}
	}
	stopPipe, err := l.readPipe(filepath.Join(dir, "pipe"))
	if err != nil {
		stopServing()
		return nil, err
	}
	group, said, stop, err := s.start(dir, a.path, url)
	if err != nil {
		stopServing()
		return nil, err
	}
	l.group, l.stop = group, func() { stop(); stopPipe(); stopServing(); a.f.Close() }
	for n, end := 0, time.Now().Add(warmUp); ; n++ {
		if _, err := io.WriteString(l.log, failure(n)); err != nil {
			return nil, err
		}
		time.Sleep(time.Second / 2)
		if l.started = len(l.times()); l.started > 0 {
			return l, nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			l.stop()
			text, _ := os.ReadFile(said)
			return nil, fmt.Errorf("no request came; it said %q", text)
		}
	}
}

var failureID = regexp.MustCompile(`aaaa-4bbb-8ccc-(\d{12})`)

// take notes the failures that a request, or a line of a pipe, is about.
func (l *live) take(text []byte, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range failureID.FindAllSubmatch(text, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		if _, known := l.arrived[n]; !known {
			l.arrived[n] = at
		}
	}
}

// times are those of what has arrived.
func (l *live) times() map[int]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	copied := make(map[int]time.Time, len(l.arrived))
	for n, at := range l.arrived {
		copied[n] = at
	}
	return copied
}

// readPipe makes a named pipe and takes the lines that are written to it.
func (l *live) readPipe(name string) (stop func(), err error) {
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0) // so that it has no end while nobody writes
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			l.take(lines.Bytes(), time.Now())
		}
	}()
	return func() { f.Close(); <-ended }, nil
}

// live measures one program.
func (s sender) live(ctx context.Context, dir string, rate int64) (c cost, err error) {
	l, err := s.begin(ctx, dir)
	if err != nil {
		return cost{}, err
	}
	defer l.stop()
	if _, err := l.write(ctx, rate, time.Second, 0); err != nil { // the first lines of a program are its dearest
		return cost{}, err
	}
	var calm, failing usage
	written := map[int]time.Time{}
	for range turns {
		before := usageOf(l.group)
		if _, err := l.write(ctx, rate, calmFor, 0); err != nil {
			return cost{}, err
		}
		between := usageOf(l.group)
		more, err := l.write(ctx, rate, failingFor, failuresPerSecond)
		if err != nil {
			return cost{}, err
		}
		maps.Copy(written, more)
		after := usageOf(l.group)
		calm, failing = calm.plus(between.minus(before)), failing.plus(after.minus(between))
	}
	c = cost{
		cpu: failing.percent(), wakes: failing.wakesPerSecond(), rss: failing.rss,
		calm: calm.percent(), calmWakes: calm.wakesPerSecond(),
	}
	ordinaryLines := calm.cpu.Seconds() * failing.took.Seconds() / calm.took.Seconds()
	c.perAlert = (failing.cpu.Seconds() - ordinaryLines) * 1000 / float64(len(written))
	for end := time.Now().Add(answerIn); len(l.times()) < l.started+len(written) && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	arrived := l.times()
	var took []time.Duration
	for n, at := range written {
		if came, ok := arrived[n]; ok {
			took = append(took, came.Sub(at))
		}
	}
	if len(took) < len(written) {
		return cost{}, fmt.Errorf("%d of %d failures came", len(took), len(written))
	}
	slices.Sort(took)
	c.p50, c.p99 = took[len(took)/2], took[len(took)*99/100]
	return c, nil
}

// write writes ordinary lines, each with one write, and failures among them. It returns when
// which failure was written.
func (l *live) write(ctx context.Context, rate int64, long time.Duration, failures int64) (map[int]time.Time, error) {
	written := map[int]time.Time{}
	next := 1000 + l.written
	defer func() { l.written = next - 1000 }()
	every := int64(0)
	if failures > 0 {
		every = rate / failures
	}
	w := load{rate: rate, lines: int64(long.Seconds() * float64(rate))}
	err := w.throttle(ctx, func(from, to int64) error {
		for n := from; n < to; n++ {
			text := ordinary[n%int64(len(ordinary))]
			if every > 0 && n%every == every/2 {
				text = failure(next)
				written[next] = time.Now()
				next++
			}
			if _, err := io.WriteString(l.log, text); err != nil {
				return err
			}
		}
		return nil
	})
	return written, err
}
