package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// disk is one log with its rotated files, as Jira and logrotate make them on a
// real file system, with a note of which failures are in which file.
type disk struct {
	w          *world
	path       string
	name       string // in the configuration
	style      string
	keep       int // rotated files
	configured bool

	active   *file   // nil = there is no log
	rotated  []*file // oldest first
	barred   bool    // the directory may not be entered
	first    time.Duration
	seen     bool // the first poll was done, at first
	absent   bool // the log could not be read then
	read     bool // something in it was counted
	confused bool // after a clock step the times of its files are not in their order
	blank    bool // it was empty at the last poll
}

// file is one file of a log, as long as it has a name or a process has it open.
type file struct {
	name    string // "" = removed
	data    []byte // what it holds, before compression
	zipped  bool
	barred  bool // may not be read
	mtime   time.Time
	since   time.Duration // when the daemon has opened it
	known   bool          // a position in it is stored
	pinned  bool          // the daemon has it open
	failed  []*failure
	written *os.File // as Jira has it open
}

// The styles of rotation. Only one is used with one log.
var styles = []string{"log4j", "log4j2-max", "logrotate", "dated", "copytruncate", "replace"}

// unbarred runs a change to the directory as its owner, whatever the daemon may.
func (d *disk) unbarred(change func() error) {
	dir := filepath.Dir(d.path)
	if d.barred {
		d.w.must(os.Chmod(dir, 0o755))
	}
	d.w.must(change())
	if d.barred {
		d.w.must(os.Chmod(dir, 0))
	}
}

func (d *disk) create(name string, data []byte) *file {
	f := &file{name: name, data: slices.Clone(data)}
	d.unbarred(func() (err error) {
		f.written, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		d.w.born(f.written)
		_, err = f.written.Write(data)
		return err
	})
	d.touch(f, d.w.machine.Now())
	return f
}

// touch gives a file a time of the simulated clock.
func (d *disk) touch(f *file, at time.Time) {
	times := []unix.Timeval{unix.NsecToTimeval(at.UnixNano()), unix.NsecToTimeval(at.UnixNano())}
	d.w.must(unix.Futimes(int(f.written.Fd()), times))
	f.mtime = at.Round(0) // by the wall clock
}

// append writes to a file, whatever its name is by now.
func (d *disk) append(f *file, text string) {
	_, err := f.written.WriteString(text)
	d.w.must(err)
	f.data = append(f.data, text...)
	d.touch(f, d.w.machine.Now())
}

func (d *disk) rename(f *file, to string) {
	d.unbarred(func() error { return os.Rename(f.name, to) })
	f.name = to
}

func (d *disk) remove(f *file) {
	d.unbarred(func() error { return os.Remove(f.name) })
	f.name = ""
	f.written.Close()
}

func (d *disk) truncate(f *file) {
	d.w.must(f.written.Truncate(0))
	for _, x := range f.failed {
		x.in = slices.DeleteFunc(x.in, func(each *file) bool { return each == f })
	}
	f.data, f.failed = nil, nil
	f.pinned = f.pinned && !f.barred // to go on, the daemon has to open it again
	d.touch(f, d.w.machine.Now())
}

func (d *disk) chmod(f *file, barred bool) {
	mode := os.FileMode(0o644)
	if barred {
		mode = 0
	}
	d.w.must(f.written.Chmod(mode))
	f.barred = barred
}

// compress replaces a rotated file by a compressed one, as logrotate does: the
// plain one goes last, and the time stays.
func (d *disk) compress(i int) {
	plain := d.rotated[i]
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(plain.data)
	d.w.must(errors.Join(err, z.Close()))
	zipped := d.create(plain.name+".gz", packed.Bytes())
	d.touch(zipped, plain.mtime)
	zipped.data, zipped.zipped = plain.data, true
	zipped.holds(plain.failed)
	if plain.barred {
		d.chmod(zipped, true)
	}
	d.rotated[i] = zipped
	d.w.pass(d.w.dice.pause(20 * time.Millisecond))
	d.remove(plain)
}

// rotate rotates the log in its style, with pauses in which others may poll.
func (d *disk) rotate(late bool) {
	if d.active == nil {
		return
	}
	hole := func() { d.w.pass(d.w.dice.pause(30 * time.Millisecond)) }
	switch d.style {
	case "replace": // nothing is kept
		old := d.active
		fresh := d.create(d.path+".new", nil)
		d.unbarred(func() error { return os.Rename(fresh.name, d.path) })
		fresh.name, d.active = d.path, fresh
		old.name = ""
		old.written.Close()
		return
	case "copytruncate":
		d.shift()
		copied := d.create(d.path+".1", d.active.data)
		copied.holds(d.active.failed)
		d.rotated = append(d.rotated, copied)
		if d.w.dice.chance(2) {
			hole()
			if d.w.dice.chance(3) { // what is written now is in no copy
				d.w.write(d, 1)
				d.w.model.failures[len(d.w.model.failures)-1].window = true
			}
		}
		d.w.model.changed()
		for _, x := range d.active.failed {
			x.fleeting = !x.seen && d.w.daemon != nil
		}
		d.truncate(d.active)
		return
	}
	d.shift()
	old := d.active
	d.rename(old, d.rotatedName())
	d.active = nil
	d.rotated = append(d.rotated, old)
	if d.w.dice.chance(2) {
		hole()
	}
	if d.active == nil && !d.w.dice.chance(6) { // else Jira makes it when it has something to write
		d.active = d.create(d.path, nil)
	}
	if late { // a writer that has the old file open
		hole()
		d.w.writeTo(d, old, 1)
	}
}

// shift makes room for one more rotated file.
func (d *disk) shift() {
	for len(d.rotated) >= d.keep {
		d.remove(d.rotated[0])
		d.rotated = d.rotated[1:]
		if d.style == "log4j2-max" {
			for i, f := range d.rotated {
				d.rename(f, d.numbered(i+1, f))
			}
		}
	}
	if d.style == "log4j2-max" || d.style == "dated" {
		return
	}
	for i, f := range d.rotated {
		d.rename(f, d.numbered(len(d.rotated)-i+1, f))
	}
}

func (d *disk) numbered(n int, f *file) string {
	name := fmt.Sprintf("%s.%d", d.path, n)
	if f.zipped {
		name += ".gz"
	}
	return name
}

func (d *disk) rotatedName() string {
	switch d.style {
	case "log4j2-max":
		return fmt.Sprintf("%s.%d", d.path, len(d.rotated)+1)
	case "dated":
		return d.path + d.w.machine.Now().Format("-20060102150405.000000")
	}
	return d.path + ".1"
}

// holds records failures that are in f too.
func (f *file) holds(failed []*failure) {
	f.failed = append(f.failed, failed...)
	for _, x := range failed {
		x.in = append(x.in, f)
	}
}

// ordered reports whether times and names show the order of the files, as they do
// unless the clock was set back.
func (d *disk) ordered() bool {
	all := d.files()
	byTime := func(a, b *file) int { return a.mtime.Compare(b.mtime) }
	byName := func(a, b *file) int { return strings.Compare(a.name, b.name) }
	return slices.IsSortedFunc(all, byTime) && (d.style != "dated" || slices.IsSortedFunc(d.rotated, byName))
}

// unnoticed records that the content of f goes by other means than rotation, which
// nothing shows if no position was ever in it.
func (f *file) unnoticed(always bool) {
	for _, x := range f.failed {
		x.window = x.window || always || !f.known
	}
}

// files are all that have a name that the daemon knows.
func (d *disk) files() []*file {
	all := slices.Clone(d.rotated)
	if d.active != nil {
		all = append(all, d.active)
	}
	return all
}

// visible reports whether the daemon could open a file now. A rotated one that may not
// be read keeps it from what is younger, at a restart.
func (d *disk) visible(f *file) bool {
	held := slices.ContainsFunc(d.rotated, func(f *file) bool { return f.barred })
	return !d.barred && !f.barred && f.name != "" && !held
}
