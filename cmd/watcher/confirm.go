package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"jira-oauth-watcher/tailer"
)

// confirmed is standard input whose lines rsyslog keeps until they are confirmed. rsyslog waits for
// a line after it has started the program, and after each message: OK, or it sends the message again.
type confirmed struct {
	*tailer.StreamReader
	out     io.Writer
	started bool
	read    int // lines that are not confirmed yet
}

// Block leaves out a message whose end is missing: rsyslog ended, and will send it again.
func (c *confirmed) Block(ctx context.Context, wait time.Duration) (tailer.Block, error) {
	if !c.started {
		c.started = true
		signal.Ignore(syscall.SIGPIPE) // rsyslog may be gone: what it sent is stored all the same
		c.confirm(1)
	}
	b, err := c.StreamReader.Block(ctx, wait)
	if len(b.Text) > 0 && !b.Cut && !bytes.HasSuffix(b.Text, []byte("\n")) {
		return tailer.Block{}, err
	}
	c.read += bytes.Count(b.Text, []byte("\n"))
	if b.Cut {
		c.read++
	}
	return b, err
}

// Stored confirms all lines that were read.
func (c *confirmed) Stored() {
	c.confirm(c.read)
	c.read = 0
}

// refuse makes rsyslog send again what was read and not stored, because reading ends.
func (c *confirmed) refuse() error {
	_, err := fmt.Fprint(c.out, strings.Repeat("Error: stopping, send it again\n", c.read))
	c.read = 0
	return err
}

func (c *confirmed) confirm(n int) { fmt.Fprint(c.out, strings.Repeat("OK\n", n)) }
