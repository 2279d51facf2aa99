package status

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"jira-oauth-watcher/conf"
)

const (
	freeLogins = 3           // refused logins within forgetting that slow nothing down
	loginPause = time.Second // before each further one is judged
	forgetting = time.Minute // also how often refused logins are logged
)

// logins slows down guessing of the password. It knows all clients together:
// behind a proxy they have one address. Who knows the password waits as well,
// but is never locked out.
type logins struct {
	sleep func(context.Context, time.Duration) // nil = as long as that

	mu      sync.Mutex
	refused int       // in a row, none of them forgetting before the next
	last    time.Time // when the last one was
	logged  time.Time
	silent  int // refused since then
}

// wait waits before a login is judged.
func (l *logins) wait(ctx context.Context, now time.Time) {
	l.mu.Lock()
	pause := pauseAfter(l.refused, now.Sub(l.last))
	l.mu.Unlock()
	if pause == 0 {
		return
	}
	if l.sleep != nil {
		l.sleep(ctx, pause)
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

// pauseAfter is how long a login waits after so many refused ones, the last of
// them so long ago.
func pauseAfter(refused int, ago time.Duration) time.Duration {
	if refused < freeLogins || ago >= forgetting {
		return 0
	}
	return loginPause
}

// refuse notes a refused login, and tells whether it is to be logged and how
// many there were since that was done last.
func (l *logins) refuse(now time.Time) (n int, log bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.last) >= forgetting {
		l.refused = 0
	}
	l.refused++
	l.last = now
	l.silent++
	if !l.logged.IsZero() && now.Sub(l.logged) < forgetting {
		return 0, false
	}
	n, l.silent, l.logged = l.silent, 0, now
	return n, true
}

// login tells whether a request may be answered as far as the password goes.
// One without a login is how a browser begins. What was given as user or
// password is not logged: it may be a password.
func (s *Site) login(rules conf.HTTP, r *http.Request) bool {
	if rules.BasicAuth.IsZero() || r.Header.Get("Authorization") == "" {
		return knows(rules, r)
	}
	s.logins.wait(r.Context(), time.Now())
	if knows(rules, r) {
		return true
	}
	if n, log := s.logins.refuse(time.Now()); log {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		s.log.Warn("status page: login refused", "from", from, "refused", n)
	}
	return false
}
