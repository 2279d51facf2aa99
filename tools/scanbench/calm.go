package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// Others may use the machine: a run begins in a moment in which it is idle, if
// one comes soon.
const (
	calmFor  = 150 * time.Millisecond
	calmWait = 8 * time.Second
	calmIdle = 0.85
)

// calm waits for such a moment.
func calm(ctx context.Context) {
	for end := time.Now().Add(calmWait); time.Now().Before(end) && ctx.Err() == nil; {
		idle, all := ticks()
		time.Sleep(calmFor)
		idleThen, allThen := ticks()
		if allThen == all || float64(idleThen-idle) >= calmIdle*float64(allThen-all) {
			return
		}
	}
}

// ticks is how long all cores were idle, and how long they were there.
func ticks() (idle, all int) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		n, _ := strconv.Atoi(field)
		all += n
		if i == 4 {
			idle = n
		}
	}
	return idle, all
}
