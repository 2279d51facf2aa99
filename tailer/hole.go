package tailer

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// NextData is the first offset at or after offset at which a file has data: it skips holes, which
// read as zeros. It is the end of the file if only a hole follows, and offset if the file system
// does not report holes. It moves the file offset of f.
func NextData(f *os.File, offset int64) int64 {
	data, err := seekData(f, offset)
	if errors.Is(err, syscall.ENXIO) {
		data, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return offset
	}
	return max(data, offset)
}
