package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/nxadm/tail"
)

const peerBatch = 1000 // lines per record, if so many are available

// followPeer reads with nxadm/tail as its README shows it, from the offset that
// its last line of the last record had, until ctx is done.
func (c *consumer) followPeer(ctx context.Context, path string, next json.RawMessage) error {
	conf := tail.Config{Follow: true, ReOpen: true, CompleteLines: true, Logger: tail.DiscardingLogger}
	if next != nil {
		var offset int64
		if err := json.Unmarshal(next, &offset); err != nil {
			return err
		}
		conf.Location = &tail.SeekInfo{Offset: offset, Whence: io.SeekStart}
	}
	t, err := tail.TailFile(path, conf)
	if err != nil {
		return err
	}
	for {
		r, err := c.peerBatch(ctx, t)
		if ctx.Err() != nil {
			r.Final = &final{Latency: c.latency}
		} else if err != nil {
			return err
		}
		if err := c.keep(ctx, r); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// peerBatch waits for a line and takes those that are ready after it.
func (c *consumer) peerBatch(ctx context.Context, t *tail.Tail) (r record, err error) {
	var last *tail.Line
	take := func(l *tail.Line, open bool) bool {
		if open {
			last = l
			c.line(&r, []byte(l.Text), time.Now())
		}
		return open
	}
	select {
	case <-ctx.Done():
		return r, nil
	case l, open := <-t.Lines:
		if !take(l, open) {
			return r, fmt.Errorf("nxadm/tail ended: %w", t.Err())
		}
	}
	for range peerBatch - 1 {
		select {
		case l, open := <-t.Lines:
			if take(l, open) {
				continue
			}
		default:
		}
		break
	}
	r.Next, err = json.Marshal(last.SeekInfo.Offset)
	return r, err
}
