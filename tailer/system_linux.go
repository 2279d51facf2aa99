package tailer

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"jira-oauth-watcher/internal/clock"
)

// bornAt is when a file was created, 0 if its file system does not say.
func bornAt(f *os.File) int64 {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return clock.Born(f, time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))).UnixNano()
}

// seekData is where a file has data at or after offset. It moves the offset of f.Read.
func seekData(f *os.File, offset int64) (int64, error) { return f.Seek(offset, unix.SEEK_DATA) }

// readPlain reads once, at most.
func (g *file) readPlain(buf []byte, offset int64) (n int, err error) {
	for {
		if n, err = unix.Pread(g.fd, buf, offset); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
