package tailer

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// NextData is the first place at or after offset where a file has data: a hole,
// which reads as zeros, is passed over. It is the end of the file where only a
// hole follows, and offset where the file system does not tell. It moves the
// place where f.Read goes on.
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
