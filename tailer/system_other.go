//go:build !linux

package tailer

import "os"

// watch is Linux's. Elsewhere a log is only polled, every Options.Poll.
type watch struct{}

func (*watch) stop() {}

func (*Follower) rearm() {}

// seekData takes holes for data.
func seekData(_ *os.File, offset int64) (int64, error) { return offset, nil }

func (g *file) readPlain(buf []byte, offset int64) (int, error) { return g.f.ReadAt(buf, offset) }
