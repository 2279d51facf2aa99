package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const maxFile = 2 << 20 // a log is rotated at this size, or after a second of lines

// writer is a kind of program that writes and rotates a log.
type writer struct {
	name   string
	needs  []need // what must be installed
	write  func(ctx context.Context, l load) (outcome, error)
	copies bool // rotates by copying and truncating: what is written between the two is lost to everyone
}

var writers = []writer{
	{name: "chain", write: writeChain},
	{name: "log4j1", needs: []need{java, log4j1Jar}, write: writeLog4j1},
	{name: "log4j2", needs: []need{java, log4j2Jar}, write: writeLog4j2},
	{name: "create", needs: []need{logrotate}, write: writeCreate},
	{name: "create+gzip", needs: []need{logrotate}, write: writeCreateGzip},
	{name: "copytruncate", needs: []need{logrotate}, write: writeCopyTruncate, copies: true},
}

// need is a file that a writer cannot do without.
type need struct{ path, pkg string }

var (
	java      = need{"javac", "default-jdk-headless"} // java compiles a single file itself, but only with a JDK
	logrotate = need{"logrotate", "logrotate"}
	log4j1Jar = need{"/usr/share/java/log4j-1.2.jar", "liblog4j1.2-java"}
	log4j2Jar = need{"/usr/share/java/log4j-core.jar", "liblog4j2-java"}
)

// load is what a writer is asked to do.
type load struct {
	dir     string // for its own files; the log's directory is another one
	path    string // the log
	rate    int64  // lines per second
	lines   int64
	backups int
}

// rotateBytes is 2 MB or a second of lines, whichever comes sooner.
func (l load) rotateBytes() int64 { return min(maxFile, l.rate*int64(lineSize)) }

// outcome is what a writer has done.
type outcome struct {
	written int64
	lost    []hole // lines that no file ever held after a truncation
}

// throttle calls emit for as many lines as are due, every millisecond.
func (l load) throttle(ctx context.Context, emit func(from, to int64) error) error {
	began := time.Now()
	for sent := int64(0); sent < l.lines; time.Sleep(time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		due := min(l.lines, int64(time.Since(began).Seconds()*float64(l.rate))+1)
		if err := emit(sent, due); err != nil {
			return err
		}
		sent = due
	}
	return nil
}

// appender writes lines as loggers do: one write per line, to the end of the file.
type appender struct {
	path string
	f    *os.File
	size int64
	buf  []byte
}

func openAppender(path string) (*appender, error) {
	a := &appender{path: path}
	return a, a.open()
}

func (a *appender) open() (err error) {
	a.f, err = os.OpenFile(a.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	a.size = 0
	return err
}

func (a *appender) line(seq int64) error {
	a.buf = appendLine(a.buf[:0], seq, time.Now())
	n, err := a.f.Write(a.buf)
	a.size += int64(n)
	return err
}

func (a *appender) lines(from, to int64) error {
	for seq := from; seq < to; seq++ {
		if err := a.line(seq); err != nil {
			return err
		}
	}
	return nil
}

// writeChain rotates as log4j's RollingFileAppender does: by a chain of renames,
// with a moment in which there is no log.
func writeChain(ctx context.Context, l load) (outcome, error) {
	a, err := openAppender(l.path)
	if err != nil {
		return outcome{}, err
	}
	defer func() { a.f.Close() }()
	err = l.throttle(ctx, func(from, to int64) error {
		for seq := from; seq < to; seq++ {
			if err := a.line(seq); err != nil {
				return err
			}
			if a.size < l.rotateBytes() {
				continue
			}
			if err := a.roll(l.backups); err != nil {
				return err
			}
		}
		return nil
	})
	return outcome{written: l.lines}, err
}

func (a *appender) roll(backups int) error {
	a.f.Close()
	name := func(n int) string { return fmt.Sprintf("%s.%d", a.path, n) }
	os.Remove(name(backups))
	for n := backups - 1; n > 0; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if err := os.Rename(a.path, name(1)); err != nil {
		return err
	}
	return a.open()
}

// reopenWhen opens the log anew if the file flag asks for it, as daemons do on
// SIGHUP.
func (a *appender) reopenWhen(flag string) error {
	if _, err := os.Stat(flag); err != nil {
		return nil
	}
	a.f.Close()
	if err := a.open(); err != nil {
		return err
	}
	return os.Remove(flag)
}

func (l load) flag() string { return filepath.Join(l.dir, "reopen") }
