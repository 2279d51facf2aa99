package tailer

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"jira-oauth-watcher/internal/clock"
)

const maxGaps = 100 // kept until Gaps is called; further ones are added to the last

func (f *Follower) update(change func(*Stats)) {
	f.statsMu.Lock()
	defer f.statsMu.Unlock()
	change(&f.stats)
}

// Stats returns the counters and the current state.
func (f *Follower) Stats() Stats {
	f.statsMu.Lock()
	defer f.statsMu.Unlock()
	return f.stats
}

// lag is how many bytes are known to follow those delivered. For compressed files
// it is unknown.
func (f *Follower) lag() int64 {
	if f.cur == nil {
		return 0
	}
	n := max(f.cur.maxSize-f.cur.pos, 0)
	for _, g := range f.younger {
		n += g.maxSize
	}
	return n
}

// Gaps returns the gaps since the last call.
func (f *Follower) Gaps() []Gap {
	f.statsMu.Lock()
	defer f.statsMu.Unlock()
	gaps := f.gaps
	f.gaps = nil
	return gaps
}

// lose records that bytes were lost unread: -1 if it is unknown how many, 0 if none
// known.
func (f *Follower) lose(bytes int64, why string, err error) {
	f.statsMu.Lock()
	defer f.statsMu.Unlock()
	f.stats.LostBytes += max(bytes, 0)
	gap := Gap{bytes, why, clock.Now()}
	if n := len(f.gaps); n < maxGaps {
		f.gaps = append(f.gaps, gap)
	} else if last := &f.gaps[n-1]; last.Bytes < 0 || bytes < 0 {
		*last = Gap{-1, why, gap.At}
	} else {
		*last = Gap{last.Bytes + bytes, why, gap.At}
	}
	switch {
	case bytes == 0:
		f.log.Info(why, "err", err)
	case bytes < 0:
		f.log.Warn(why, "lost", "unknown", "err", err)
	default:
		f.log.Warn(why, "lost", bytes, "err", err)
	}
}

// unreadable records why the log cannot be read now. In Once mode that is an error.
func (f *Follower) unreadable(err error) error {
	if _, why := Current(f.path); why != nil && errors.Is(err, fs.ErrNotExist) {
		err = why // of a dated log: whether there is a file is unknown
	}
	err = because(err)
	if f.opt.Once {
		return err
	}
	if was := f.Stats().Waiting; was == nil || was.Error() != err.Error() {
		level := slog.LevelWarn
		if f.opt.Optional && errors.Is(err, fs.ErrNotExist) {
			level = slog.LevelInfo
		}
		f.log.Log(context.Background(), level, "log cannot be read, waiting", "path", f.path, "err", err)
	}
	f.update(func(s *Stats) { s.Waiting = err })
	return nil
}

// readable ends what unreadable began, unless reading itself fails.
func (f *Follower) readable() {
	f.missing = time.Time{}
	if f.failing || f.Stats().Waiting == nil {
		return
	}
	f.log.Info("log is readable again")
	f.update(func(s *Stats) { s.Waiting = nil })
}

// absent records that there is no readable file at the path. During a rotation that
// is normal for a moment.
func (f *Follower) absent(err error) error {
	switch {
	case err == nil:
		f.readable()
	case !errors.Is(err, fs.ErrNotExist):
		return f.unreadable(err)
	case f.missing.IsZero():
		f.missing = clock.Now()
	case clock.Since(f.missing) > gapAllowed:
		return f.unreadable(err)
	}
	return nil
}
