package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/nxadm/tail"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// sprinted is what a reader says of its reading.
type sprinted struct {
	Took  time.Duration // without the start of the process
	CPU   time.Duration // of that
	Found int           // failures; nxadm/tail only reads
}

// sprint reads t.Bytes as fast as it can.
func (t task) sprint(ctx context.Context) error {
	var s sprinted
	var err error
	if t.Peer {
		s, err = t.sprintPeer()
	} else {
		s, err = t.sprintOurs(ctx)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// sprintOurs is the whole reading side: lines, events, and what they mean.
func (t task) sprintOurs(ctx context.Context) (s sprinted, err error) {
	set, err := matchers.Builtin()
	if err != nil {
		return s, err
	}
	began, used := time.Now(), cpuUsed()
	a := event.Assembler{Find: matchers.Find}
	f := tailer.Follow(t.Log, tailer.Position{}, tailer.Options{Start: tailer.Beginning, Once: !t.Follow})
	defer f.Close()
	take := func(e event.Event) {
		if set.Diagnose(string(e.Text), time.UTC).Ours {
			s.Found++
		}
	}
	read := int64(0)
	for read < t.Bytes {
		b, err := f.Block(ctx, time.Second)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return s, err
		}
		a.Block(b, take)
		read += int64(len(b.Text))
	}
	a.Flush(take)
	s.Took, s.CPU = time.Since(began), cpuUsed()-used
	return s, t.complete(read)
}

func (t task) sprintPeer() (s sprinted, err error) {
	began, used := time.Now(), cpuUsed()
	f, err := tail.TailFile(t.Log, tail.Config{Follow: t.Follow, ReOpen: t.Follow, CompleteLines: true, Logger: tail.DiscardingLogger})
	if err != nil {
		return s, err
	}
	read := int64(0)
	for read < t.Bytes {
		line, open := <-f.Lines
		if !open {
			break
		}
		read += int64(len(line.Text)) + 1
	}
	s.Took, s.CPU = time.Since(began), cpuUsed()-used
	return s, t.complete(read)
}

// cpuUsed is the processor time of this process so far.
func cpuUsed() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (t task) complete(read int64) error {
	if read != t.Bytes {
		return fmt.Errorf("%d bytes were read of %d", read, t.Bytes)
	}
	return nil
}

// generate writes a log of Jira of about size bytes: ordinary lines, here and
// there an exception, and one failure in 10,000 lines. It returns its true size.
func generate(path string, size int64) (int64, error) {
	var b bytes.Buffer
	for n := 0; b.Len() < 8<<20; n++ {
		b.WriteString(ordinary[n%len(ordinary)])
		if n%10_000 == 5_000 {
			b.WriteString(failure(n))
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	written := int64(0)
	for written < size {
		n, err := f.Write(b.Bytes())
		if err != nil {
			return 0, err
		}
		written += int64(n)
	}
	if err := f.Sync(); err != nil { // or the disk is busy while we measure
		return 0, err
	}
	return written, nil
}
