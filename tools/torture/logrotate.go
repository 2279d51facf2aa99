package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Between the rotation and the daemon's reopening lines still go to the renamed file. A
// rotation that compresses at once must wait for it, as postrotate does here.
const (
	createRules = `create
	postrotate
		touch %[1]s
	endscript`
	gzipRules = `create
	compress
	postrotate
		touch %[1]s; while [ -e %[1]s ]; do sleep 0.005; done
	endscript`
	copyRules = "copytruncate"
)

func writeCreate(ctx context.Context, l load) (outcome, error) {
	return writeRotated(ctx, l, createRules, nil)
}

func writeCreateGzip(ctx context.Context, l load) (outcome, error) {
	return writeRotated(ctx, l, gzipRules, nil)
}

// writeCopyTruncate also finds out which lines were written between copying and
// truncating: those that are neither in a copy nor in the log at the end.
func writeCopyTruncate(ctx context.Context, l load) (outcome, error) {
	var copies []copied
	out, err := writeRotated(ctx, l, copyRules, func(began time.Time) error {
		first, last, err := ends(l.path + ".1")
		copies = append(copies, copied{first, last, began})
		return err
	})
	if err != nil {
		return out, err
	}
	for i, c := range copies {
		next := l.lines
		if i+1 < len(copies) {
			next = copies[i+1].first
		} else if first, _, err := ends(l.path); err == nil {
			next = first
		}
		if c.last+1 < next {
			out.lost = append(out.lost, hole{c.last + 1, next - 1, c.began})
		}
	}
	return out, nil
}

// copied is what was in a copy, and when its rotation began.
type copied struct {
	first, last int64
	began       time.Time
}

// ends returns the first and the last whole line of a file.
func ends(path string) (first, last int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	first, last = -1, -1
	for line := range bytes.Lines(data) {
		seq, _, ok := parseLine(bytes.TrimSuffix(line, []byte("\n")))
		if ok && first < 0 {
			first = seq
		}
		if ok {
			last = seq
		}
	}
	if first < 0 {
		return 0, 0, fmt.Errorf("%s: no line in it", path)
	}
	return first, last, nil
}

// writeRotated appends while the real logrotate rotates every second, and calls after,
// if not nil, following each rotation.
func writeRotated(ctx context.Context, l load, rules string, after func(began time.Time) error) (outcome, error) {
	if rules != copyRules {
		rules = fmt.Sprintf(rules, l.flag())
	}
	conf := filepath.Join(l.dir, "logrotate.conf")
	text := fmt.Sprintf("%q {\n\trotate %d\n\tnodateext\n\t%s\n}\n", l.path, l.backups, rules)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return outcome{}, err
	}
	a, err := openAppender(l.path)
	if err != nil {
		return outcome{}, err
	}
	defer func() { a.f.Close() }()
	rotating, stop := context.WithCancel(ctx)
	rotated := make(chan error, 1)
	go func() { rotated <- rotateEverySecond(rotating, conf, after) }()
	err = l.throttle(ctx, func(from, to int64) error {
		if err := a.reopenWhen(l.flag()); err != nil {
			return err
		}
		return a.lines(from, to)
	})
	stop()
	for { // a postrotate may still wait for the daemon
		select {
		case rotateErr := <-rotated:
			if err == nil {
				err = rotateErr
			}
			return outcome{written: l.lines}, err
		case <-time.After(time.Millisecond):
			if e := a.reopenWhen(l.flag()); e != nil && err == nil {
				err = e
			}
		}
	}
}

func rotateEverySecond(ctx context.Context, conf string, after func(began time.Time) error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		began := time.Now()
		if out, err := exec.Command("logrotate", "-f", "-s", conf+".state", conf).CombinedOutput(); err != nil {
			return fmt.Errorf("logrotate: %w: %s", err, out)
		}
		if after == nil {
			continue
		}
		if err := after(began); err != nil {
			return err
		}
	}
}
