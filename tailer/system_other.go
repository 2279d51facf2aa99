//go:build !linux

package tailer

import "os"

// watch is Linux's. Elsewhere a log is only polled, every Options.Poll.
type watch struct{}

func (*watch) stop() {}

func (*Follower) rearm() {}

// bornAt is unknown. NTFS and APFS do not give the number of a file to another one, as file
// systems of Linux do.
func bornAt(*os.File) int64 { return 0 }

// seekData takes holes for data.
func seekData(_ *os.File, offset int64) (int64, error) { return offset, nil }

func (g *file) readPlain(buf []byte, offset int64) (int, error) { return g.f.ReadAt(buf, offset) }
