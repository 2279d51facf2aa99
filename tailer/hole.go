package tailer

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// NextData is the first offset at or after offset at which a file has data: it skips holes, which
// read as zeros. It is the end of the file if only a hole follows, and offset if the file system
// does not report holes. It moves the file offset of f.
func NextData(f *os.File, offset int64) int64 {
	data, err := f.Seek(offset, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		data, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return offset
	}
	return max(data, offset)
}
