package tailer

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const (
	skipAtOnce = 4 << 20         // bytes of content that are skipped before other files are polled
	settleTime = 5 * time.Second // how long an incomplete compressed file may not grow before it counts as damaged
)

var errSkipping = errors.New("skipping to the offset")

// inflater reads the content of a compressed file forwards, in flat memory.
type inflater struct {
	f      *os.File
	z      *gzip.Reader // nil before the first read, and when it must begin again
	at     int64        // offset in the content
	size   int64        // of the compressed file when z last failed
	since  time.Time    // when it failed first at this size
	ended  bool         // there is no more
	damage error        // why there is no more, though the content has not ended
}

// readAt reads content from offset on. Nothing read and no error means that there is no
// more, at present or, with ended, for ever.
func (z *inflater) readAt(buf []byte, offset int64) (n int, err error) {
	if z.ended && offset >= z.at || z.damage != nil {
		return 0, nil
	}
	if z.z == nil || offset < z.at {
		if err := z.restart(); err != nil {
			return 0, z.judge(err)
		}
	}
	if skip := offset - z.at; skip > 0 {
		m, err := io.CopyN(io.Discard, z.z, min(skip, skipAtOnce))
		z.at += m
		if err != nil {
			return 0, z.stop(err)
		}
		return 0, errSkipping
	}
	for n < len(buf) && err == nil {
		var m int
		m, err = z.z.Read(buf[n:])
		n += m
	}
	z.at += int64(n)
	if err == nil || n > 0 && err != io.EOF {
		return n, nil // the next read returns the error again
	}
	return n, z.stop(err)
}

func (z *inflater) restart() (err error) {
	z.at, z.ended = 0, false
	z.z, err = gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(z.f, 0, 1<<62), 64<<10))
	return err
}

func (z *inflater) stop(err error) error {
	if err == io.EOF {
		z.ended = true
		return nil
	}
	return z.judge(err)
}

// judge distinguishes a file that is still being written from a damaged one.
func (z *inflater) judge(why error) error {
	fi, err := z.f.Stat()
	if err != nil {
		return err
	}
	if fi.Size() != z.size || z.since.IsZero() {
		z.size, z.since, z.z = fi.Size(), clock.Now(), nil
	}
	if clock.Since(z.since) < settleTime && clock.Since(fi.ModTime()) < settleTime {
		return nil
	}
	if why == io.EOF {
		why = io.ErrUnexpectedEOF // an empty file is no compressed file
	}
	z.ended, z.damage = true, why
	return nil
}
