package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/term"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/scan"
)

const (
	progressAfter = 300 * time.Millisecond // a faster scan needs none
	progressEvery = 200 * time.Millisecond
)

// showProgress shows how far reading is, on a terminal only, until the returned
// function is called.
func (a *app) showProgress(p *scan.Progress) (hide func()) {
	f := fileOf(a.errw)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	const clear = "\r\x1b[K" // the line
	ctx, stop := context.WithCancel(context.Background())
	var showing sync.WaitGroup
	showing.Go(func() {
		began := time.Now()
		if clock.Wait(ctx, nil, progressAfter); ctx.Err() != nil {
			return
		}
		for ; ctx.Err() == nil; clock.Wait(ctx, nil, progressEvery) {
			io.WriteString(f, clear+progressLine(p.Read.Load(), p.Total.Load(), time.Since(began)))
		}
		io.WriteString(f, clear)
	})
	return func() {
		stop()
		showing.Wait()
	}
}

// progressLine is how far reading is, in at most 60 columns.
func progressLine(read, total int64, took time.Duration) string {
	rate := float64(read) / max(took.Seconds(), 1e-3)
	line := fmt.Sprintf("%.2f GB read, %.0f MB/s", float64(read)/1e9, rate/1e6)
	if total <= 0 {
		return line
	}
	read = min(read, total)
	line = fmt.Sprintf("%3d %% of %.2f GB, %.0f MB/s", 100*read/total, float64(total)/1e9, rate/1e6)
	if rate > 0 {
		left := time.Duration(float64(total-read) / rate * float64(time.Second))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}
