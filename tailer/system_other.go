//go:build !linux

package tailer

import "os"

// watch does nothing: on systems other than Linux a log is polled every Options.Poll.
type watch struct{}

func (*watch) stop() {}

func (*Follower) rearm() {}

// bornAt is unknown and not required: unlike the file systems of Linux, NTFS and APFS do not
// reuse the number of a removed file.
func bornAt(*os.File) int64 { return 0 }

// seekData does not skip holes.
func seekData(_ *os.File, offset int64) (int64, error) { return offset, nil }

func (g *file) readPlain(buf []byte, offset int64) (int, error) { return g.f.ReadAt(buf, offset) }
