package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// compareWake measures from the write of a line to the moment its reader has it, in a
// log that is mostly at rest. The median round is reported.
func compareWake(ctx context.Context, dir string, progress io.Writer) (rows [][]string, err error) {
	kinds := []readerKind{readerKinds[0], readerKinds[3]}
	p50, p99 := make([][]time.Duration, len(kinds)), make([][]time.Duration, len(kinds))
	for round := range rounds {
		for i, kind := range kinds {
			h, err := wakes(ctx, filepath.Join(dir, fmt.Sprint(round, i)), kind)
			if err != nil {
				return nil, err
			}
			half, _ := h.percentile(50)
			most, _ := h.percentile(99)
			fmt.Fprintf(progress, "round %d, %s: p50 %v, p99 %v\n", round+1, kind.name, half, most)
			p50[i], p99[i] = append(p50[i], half), append(p99[i], most)
		}
	}
	for i, kind := range kinds {
		slices.Sort(p50[i])
		slices.Sort(p99[i])
		rows = append(rows, []string{kind.name, millis(p50[i][rounds/2]), millis(p99[i][rounds/2])})
	}
	return rows, nil
}

// wakes has one reader follow a log without rotation.
func wakes(ctx context.Context, dir string, kind readerKind) (histogram, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	l := load{path: filepath.Join(dir, "atlassian-jira.log"), rate: 500, lines: 2000}
	a, err := openAppender(l.path)
	if err != nil {
		return nil, err
	}
	defer a.f.Close()
	r := &reader{kind: kind, log: l.path, journal: filepath.Join(dir, "journal")}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- r.supervise(reading) }()
	time.Sleep(time.Second)
	err = l.throttle(ctx, a.lines)
	if err == nil {
		err = wait(ctx, []*reader{r}, l.lines)
	}
	stop()
	if e := <-ended; err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	last, _, err := lastRecord(r.journal)
	if err == nil && last.Final == nil {
		err = fmt.Errorf("%s did not say what it had measured", kind.name)
	}
	if err != nil {
		return nil, err
	}
	return last.Final.Latency, nil
}
