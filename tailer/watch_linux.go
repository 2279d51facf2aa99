package tailer

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	nxadm "github.com/nxadm/tail/watch"
	"golang.org/x/sys/unix"
)

// The watch is nxadm/tail's tracker: WatchCreate watches the directory of a path
// and then delivers every event of exactly that path, so that one watch survives
// all rotations. There is one tracker per process. It blocks until an event is
// taken, counts watches by directory and never notices that a directory was
// replaced. Everything that follows from this is in this file.

var (
	errNoAnswer = errors.New("inotify does not respond")
	errTaken    = errors.New("the log is already watched by this process")
)

const answerTime = 2 * time.Second // what the tracker may take for an answer

// tracker is this process's use of the process-wide tracker.
var tracker = struct {
	sync.Mutex
	probed  bool
	broken  bool              // it failed to answer once and is no longer used
	watches map[string]*watch // by path
}{watches: map[string]*watch{}}

// dirID distinguishes directories of one name; inodes alone are reused.
type dirID struct {
	major, minor uint32
	inode        uint64
	born         unix.StatxTimestamp
}

func dirIdent(dir string) (dirID, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, dir, 0, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return dirID{}, err
	}
	return dirID{st.Dev_major, st.Dev_minor, st.Ino, st.Btime}, nil
}

// watch wakes its owner at every event of one path.
type watch struct {
	path    string // without symbolic links: one directory has one name
	wake    chan<- struct{}
	changed chan<- struct{} // for an event that is more than a write, or ends an idle time
	poll    *pollInterval
	running bool
	dir     dirID         // of the directory that it runs on
	drained chan struct{} // closed when the events have ended
}

// rearm keeps the watch where the log is now: on the real name of its directory, and
// on the directory that has this name now.
func (f *Follower) rearm() {
	if f.opt.NoNotify || f.opt.Once || f.err != nil {
		return
	}
	f.mu.Lock()
	name, _ := f.current() // of a dated log, polling finds the next file
	f.mu.Unlock()
	path, err := realPath(name)
	if f.watch != nil && f.watch.path != path {
		f.watch.stop()
		f.watch = nil
	}
	if f.watch == nil && err == nil {
		f.watch = &watch{path: path, wake: f.wake, changed: f.pinner.changed, poll: f.poll}
	}
	if err == nil {
		err = f.watch.arm()
	}
	f.poll.watched.Store(err == nil)
	switch {
	case err == nil:
		f.unwatched = ""
	case errors.Is(err, os.ErrNotExist):
		// Reported already: the log itself is missing.
	case f.unwatched != err.Error():
		f.unwatched = err.Error()
		f.log.Warn("inotify unavailable, falling back to polling", "in", f.opt.Poll, "err", err)
	}
}

func realPath(path string) (string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// arm starts the watch if it is not running on the directory that is there now.
func (w *watch) arm() error {
	dir := filepath.Dir(w.path)
	id, err := dirIdent(dir)
	if err != nil {
		return err
	}
	tracker.Lock()
	defer tracker.Unlock()
	if err := probe(); err != nil {
		return err
	}
	if other := tracker.watches[w.path]; other != nil && other != w {
		return errTaken // two would share one channel and take each other's events
	}
	tracker.watches[w.path] = w
	// The tracker adds a directory only when none of its paths is watched,
	// so all of them must end before one can begin again.
	for path, each := range tracker.watches {
		if filepath.Dir(path) == dir && each.dir != id {
			each.end()
		}
	}
	for path, each := range tracker.watches {
		if filepath.Dir(path) != dir {
			continue
		}
		if err := each.begin(id); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the watch. A nil watch has ended.
func (w *watch) stop() {
	if w == nil {
		return
	}
	tracker.Lock()
	defer tracker.Unlock()
	if tracker.watches[w.path] == w {
		w.end()
		delete(tracker.watches, w.path)
	}
}

// begin starts the events on the directory, with the tracker locked.
func (w *watch) begin(dir dirID) error {
	if w.running {
		return nil
	}
	if err := ask(func() error { return nxadm.WatchCreate(w.path) }); err != nil {
		// A failed WatchCreate leaves a channel that nothing empties: one
		// event for it would stop the tracker. RemoveWatch takes it away and,
		// unlike RemoveWatchCreate, leaves the count of the directory alone.
		ask(func() error { return nxadm.RemoveWatch(w.path) })
		return err
	}
	events := nxadm.Events(w.path)
	w.running, w.dir, w.drained = true, dir, make(chan struct{})
	go func() { // takes every event at once; ends when end has the channel closed
		defer close(w.drained)
		for e := range events {
			calm := w.poll.idle()
			w.poll.active()
			if calm || e.Op.String() != "WRITE" {
				poke(w.changed)
			}
			poke(w.wake)
		}
	}()
	return nil
}

func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// end stops the events, with the tracker locked.
func (w *watch) end() {
	if !w.running {
		return
	}
	w.running = false
	// The error says that the directory no longer exists, nor does the watch.
	ask(func() error { return nxadm.RemoveWatchCreate(w.path) })
	if !tracker.broken {
		<-w.drained
	}
}

// probe makes sure that the tracker can have an inotify instance: its first use
// ends the process if it cannot.
func probe() error {
	if tracker.broken {
		return errNoAnswer
	}
	if tracker.probed {
		return nil
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("inotify_init", err)
	}
	unix.Close(fd)
	tracker.probed = true
	return nil
}

// ask waits for answerTime at most: fsnotify can deadlock when a directory is moved
// and removed at the same moment, and the log must still be read.
func ask(f func() error) error {
	if tracker.broken {
		return errNoAnswer
	}
	answer := make(chan error, 1)
	go func() { answer <- f() }()
	select {
	case err := <-answer:
		return err
	case <-time.After(answerTime):
		tracker.broken = true
		return errNoAnswer
	}
}
