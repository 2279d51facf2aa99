package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	killEvery = time.Second
	catchUp   = time.Minute // how long readers may take after the last line
	stuck     = stallEvery  // a journal that has not grown for so long is complete
	afterward = time.Second // what may still follow the last line
)

// readerKind is a way to read a log.
type readerKind struct {
	name        string
	peer        bool
	kill, stall bool
}

var readerKinds = []readerKind{
	{name: "ours/steady"},
	{name: "ours/kill -9 every second", kill: true},
	{name: "ours/stalls 3 s of 5", stall: true},
	{name: "nxadm/steady", peer: true},
	{name: "nxadm/kill -9 every second", peer: true, kill: true},
	{name: "nxadm/stalls 3 s of 5", peer: true, stall: true},
}

// trial is one writer at one rate, with its readers.
type trial struct {
	writer  writer
	rate    int64
	seconds int64
	backups int
	readers []readerKind
	keep    string // where its files are left; "" = nowhere
}

// result is what a reader made of a trial.
type result struct {
	trial  trial
	reader readerKind
	tally
	kills int
	died  int   // ended by itself
	peak  int64 // resident memory, KiB
	wrong string
}

// run runs a trial in a separate directory.
func (t trial) run(ctx context.Context) (results []result, err error) {
	dir, err := os.MkdirTemp(t.keep, fmt.Sprintf("torture-%s-%d-", t.writer.name, t.rate))
	if err != nil {
		return nil, err
	}
	if t.keep == "" {
		defer os.RemoveAll(dir)
	}
	logs := filepath.Join(dir, "log")
	if err := os.Mkdir(logs, 0o700); err != nil {
		return nil, err
	}
	l := load{dir: dir, path: filepath.Join(logs, "atlassian-jira.log"), rate: t.rate, lines: t.rate * t.seconds, backups: t.backups}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	readers := make([]*reader, len(t.readers))
	var wg sync.WaitGroup
	for i, kind := range t.readers {
		r := &reader{kind: kind, log: l.path, journal: filepath.Join(dir, fmt.Sprint("journal", i))}
		readers[i] = r
		wg.Go(func() { r.err = r.supervise(reading) })
	}
	time.Sleep(time.Second / 2) // they wait for the log
	out, err := t.writer.write(ctx, l)
	if err == nil {
		err = wait(ctx, readers, out.written)
	}
	stop()
	wg.Wait()
	for _, r := range readers {
		if err != nil || r.err != nil {
			return nil, fmt.Errorf("%s at %d lines/s: %w", t.writer.name, t.rate, errors.Join(err, r.err))
		}
		res := result{trial: t, reader: r.kind, kills: r.kills, died: r.died, peak: r.peak}
		if res.tally, err = count(r.journal, out); err != nil {
			return nil, err
		}
		if res.wrong = res.verdict(len(out.lost)); res.wrong == "" && r.died > 0 {
			res.wrong = fmt.Sprintf("the reader ended by itself %d times", r.died)
		}
		results = append(results, res)
	}
	return results, nil
}

// wait waits until the readers have read the last line, or nothing any more.
func wait(ctx context.Context, readers []*reader, written int64) error {
	end := time.Now().Add(catchUp)
	sizes := make([]int64, len(readers))
	grown := time.Now()
	for open := true; open && time.Now().Before(end) && time.Since(grown) < stuck; {
		time.Sleep(100 * time.Millisecond)
		open = false
		for i, r := range readers {
			last, size, err := lastRecord(r.journal)
			if err != nil {
				return err
			}
			if size != sizes[i] {
				sizes[i], grown = size, time.Now()
			}
			n := len(last.Runs)
			open = open || n == 0 || last.Runs[n-1][1] != written-1
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(afterward):
	}
	return ctx.Err()
}

// reader is a reading process that is started again as often as it ends.
type reader struct {
	kind         readerKind
	log, journal string
	kills, died  int
	peak         int64
	err          error
}

// supervise keeps the reader running until ctx is done.
func (r *reader) supervise(ctx context.Context) error {
	for {
		cmd, err := r.start()
		if err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		killed, err := r.attend(ctx, cmd.Process, ended)
		switch {
		case ctx.Err() != nil:
			return err
		case killed:
			r.kills++
		default:
			r.died++
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (r *reader) start() (*exec.Cmd, error) {
	cmd, err := task{Peer: r.kind.peer, Log: r.log, Journal: r.journal, Stall: r.kind.stall}.command()
	if err != nil {
		return nil, err
	}
	return cmd, cmd.Start()
}

// attend waits for the end of the process and causes it: by kill -9 when that is due,
// by SIGTERM when ctx is done.
func (r *reader) attend(ctx context.Context, p *os.Process, ended <-chan error) (killed bool, err error) {
	due := time.NewTimer(killEvery)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			r.measure(p)
			p.Signal(syscall.SIGTERM)
			err := <-ended
			if e, ok := errors.AsType[*exec.ExitError](err); ok && e.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
				err = nil // it had just been started and did not handle signals yet
			}
			return false, err
		case err := <-ended:
			return false, err
		case <-due.C:
		}
		due.Reset(killEvery)
		r.measure(p)
		if fi, err := os.Stat(r.journal); r.kind.kill && err == nil && fi.Size() > 0 {
			p.Kill()
			<-ended
			return true, nil
		}
	}
}

// measure takes the peak of the process's memory: the kernel's account of an
// ended child contains what its parent used before it.
func (r *reader) measure(p *os.Process) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		return // it has just ended
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			r.peak = max(r.peak, kib)
		}
	}
}
