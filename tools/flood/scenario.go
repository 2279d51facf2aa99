package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// scenario is a run of the program in which new integrations fail, each once.
type scenario struct {
	name     string
	failures int
	causes   int           // they take turns
	span     time.Duration // of the times in the log
	pace     pace
	down     bool // the receiver refuses connections
	alone    bool // storm = 0: each one has an alert
}

// pace is when the next failure is written.
type pace int

const (
	atOnce     pace = iota // without waiting
	onceRead               // when the one before has been read: each is recorded alone, as in a slower flood
	asTimeGoes             // when it is the time that the log shows
)

const (
	manyCauses = 64
	eachMinute = 48 // new integrations for each of them, fewer than a storm: together they are one
)

func scenarios(minutes int) []scenario {
	span := time.Duration(minutes) * time.Minute
	many := minutes * eachMinute * manyCauses
	return []scenario{
		{name: "burst", failures: 60, causes: 1},
		{name: "burst-60s", failures: 60, causes: 1, span: time.Minute, pace: asTimeGoes},
		{name: "burst-45", failures: 45, causes: 1},
		{name: "uuids", failures: many, causes: manyCauses, span: span, pace: onceRead},
		{name: "uuids-down", failures: many, causes: manyCauses, span: span, pace: onceRead, down: true},
		{name: "new", failures: 10_000, causes: 1, span: span, pace: onceRead, down: true, alone: true},
		{name: "new-12000", failures: 12_000, causes: 1, span: span, pace: onceRead, down: true, alone: true},
	}
}

// errorTexts are error texts of as many causes of the program, each with the code that
// identifies it.
func errorTexts(ctx context.Context, binary string) (texts []string, err error) {
	out, err := exec.CommandContext(ctx, binary, "causes", "--format", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("%s causes: %w", binary, err)
	}
	var causes []struct{ Codes []string }
	if err := json.Unmarshal(out, &causes); err != nil {
		return nil, fmt.Errorf("%s causes: %w", binary, err)
	}
	traceIDs := strings.TrimPrefix(testkit.BadSecret, testkit.RefusedSecret)
	for _, c := range causes {
		if len(c.Codes) > 0 && strings.HasPrefix(c.Codes[0], "AADSTS") && len(texts) < manyCauses {
			texts = append(texts, c.Codes[0]+": The request was refused."+traceIDs)
		}
	}
	if len(texts) < manyCauses {
		return nil, fmt.Errorf("%s has %d causes with a code of Entra, want %d", binary, len(texts), manyCauses)
	}
	return texts, nil
}

// write writes the failures, each with one write as Jira does, and calls each before
// each of them. Their times end now.
func (s scenario) write(ctx context.Context, path string, texts []string, each func(i int)) error {
	log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	reads, err := watchReads(path)
	if err != nil {
		return err
	}
	defer reads.Close()
	defer context.AfterFunc(ctx, func() { reads.Close() })() // ends a wait
	first, step := time.Now().Add(-s.span), s.span/time.Duration(s.failures)
	if s.pace == asTimeGoes {
		first = time.Now()
	}
	for i := range s.failures {
		each(i)
		at := first.Add(time.Duration(i) * step)
		if s.pace == asTimeGoes {
			select {
			case <-time.After(time.Until(at)):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if _, err := log.WriteString(testkit.Failure(at, testkit.FlowID(i), texts[i%s.causes])); err != nil {
			return err
		}
		if s.pace == onceRead {
			if err := awaitRead(reads); ctx.Err() != nil {
				return context.Cause(ctx)
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// watchReads opens a file in which the kernel reports that a log was read. To ask the
// program would cost some of what is measured.
func watchReads(log string) (*os.File, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	reads := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, log, syscall.IN_ACCESS); err != nil {
		reads.Close()
		return nil, err
	}
	return reads, nil
}

// awaitRead waits until the log has been read since it was last called.
func awaitRead(reads *os.File) error {
	if err := reads.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := reads.Read(make([]byte, 4096))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the program has not read its log for %v", patience)
	}
	return err
}
