package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"jira-oauth-watcher/tailer"
)

// readerEnv holds what a process of this program is to read, if it is a reader.
const readerEnv = "TORTURE_READER"

// task is the job of a reader process.
type task struct {
	Peer    bool   // nxadm/tail used plainly, instead of ours
	Log     string // what to read
	Journal string // where to keep what was read
	Stall   bool   // stop reading for stallFor every stallEvery
	Bytes   int64  // if not 0: only read so many and say how it went
	Follow  bool   // with Bytes: of a log that is growing
}

const (
	stallEvery = 5 * time.Second
	stallFor   = 3 * time.Second
)

// readerMain is main of a reader process; false if this is none.
func readerMain() bool {
	spec := os.Getenv(readerEnv)
	if spec == "" {
		return false
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // discard the rest
		io.Copy(io.Discard, os.Stdin)
		stop()
		time.Sleep(stallFor)
		os.Exit(1)
	}()
	var t task
	err := json.Unmarshal([]byte(spec), &t)
	if err == nil {
		err = t.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(1)
	}
	return true
}

// command is the process of this program that does t, started by the command before, such as
// taskset.
func (t task) command(before ...string) (*exec.Cmd, error) {
	spec, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	words := append(before, self)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), readerEnv+"="+string(spec))
	cmd.Stderr = os.Stderr
	_, err = cmd.StdinPipe() // ends with this process, however it ends, and so does the reader
	return cmd, err
}

func (t task) run(ctx context.Context) error {
	if t.Bytes > 0 {
		return t.sprint(ctx)
	}
	j, next, err := openJournal(t.Journal)
	if err != nil {
		return err
	}
	defer j.f.Close()
	c := &consumer{journal: j, stall: t.Stall, awake: time.Now()}
	if t.Peer {
		return c.followPeer(ctx, t.Log, next)
	}
	return c.follow(ctx, t.Log, next)
}

// consumer takes what a reader reads.
type consumer struct {
	journal journal
	latency histogram
	stall   bool
	awake   time.Time // since the last stall
}

// line notes a line that arrived now.
func (c *consumer) line(r *record, line []byte, now time.Time) {
	if at, ok := r.take(line); ok {
		c.latency.add(now.Sub(at))
	}
}

// keep keeps a record, and then perhaps does nothing for a while.
func (c *consumer) keep(ctx context.Context, r record) error {
	if !r.empty() {
		if err := c.journal.append(r); err != nil {
			return err
		}
	}
	if c.stall && time.Since(c.awake) >= stallEvery-stallFor {
		select {
		case <-ctx.Done():
		case <-time.After(stallFor):
		}
		c.awake = time.Now()
	}
	return nil
}

// follow reads with our tailer until ctx is done.
func (c *consumer) follow(ctx context.Context, path string, next json.RawMessage) error {
	var from tailer.Position
	if next != nil {
		if err := json.Unmarshal(next, &from); err != nil {
			return err
		}
	}
	f := tailer.Follow(path, from, tailer.Options{Start: tailer.Beginning})
	defer f.Close()
	for {
		b, err := f.Block(ctx, time.Second)
		now := time.Now()
		if errors.Is(err, context.Canceled) {
			return c.journal.append(record{Gaps: f.Gaps(), Final: &final{f.Stats().Rotations, c.latency}})
		} else if err != nil {
			return err
		}
		r := record{Gaps: f.Gaps()}
		for line := range bytes.Lines(b.Text) {
			c.line(&r, bytes.TrimSuffix(line, []byte("\n")), now)
		}
		if len(b.Text) > 0 {
			if r.Next, err = json.Marshal(b.Position(len(b.Text))); err != nil {
				return err
			}
		}
		if err := c.keep(ctx, r); err != nil {
			return err
		}
	}
}
