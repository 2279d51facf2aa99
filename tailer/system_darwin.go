package tailer

import (
	"os"
	"syscall"
)

func bornAt(f *os.File) int64 {
	var st syscall.Stat_t
	if syscall.Fstat(int(f.Fd()), &st) != nil {
		return 0
	}
	return st.Birthtimespec.Nano()
}
