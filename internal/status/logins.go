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
	freeLogins = 3           // refused logins within forgetting that cause no delay
	loginPause = time.Second // before each further one is checked
	forgetting = time.Minute // also how often refused logins are logged
)

// logins slows down guessing of the password. It knows all clients together: behind a
// proxy they have one address. Someone with the password waits as well, but is never
// locked out.
type logins struct {
	sleep func(context.Context, time.Duration)

	mu      sync.Mutex
	refused int       // each within forgetting of the next
	last    time.Time // when the last one was
	logged  time.Time
	silent  int // refused since then
}

// pause is how long a login waits before it is checked.
func (l *logins) pause(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused < freeLogins || now.Sub(l.last) >= forgetting {
		return 0
	}
	return loginPause
}

// refuse notes a refused login. n is how many there were since the last that
// was logged; 0 = this one is not to be.
func (l *logins) refuse(now time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.last) >= forgetting {
		l.refused = 0
	}
	l.refused++
	l.silent++
	l.last = now
	if now.Sub(l.logged) < forgetting {
		return 0
	}
	n, l.silent, l.logged = l.silent, 0, now
	return n
}

// login reports whether a request has the password. A browser begins without a login:
// that counts as none. What was given as user or password is not logged: it may be a
// password.
func (s *Site) login(rules conf.HTTP, r *http.Request) bool {
	if rules.BasicAuth.IsZero() || r.Header.Get("Authorization") == "" {
		return hasPassword(rules, r)
	}
	s.logins.sleep(r.Context(), s.logins.pause(time.Now()))
	if hasPassword(rules, r) {
		return true
	}
	if n := s.logins.refuse(time.Now()); n > 0 {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		s.log.Warn("status page: login refused", "from", from, "refused", n)
	}
	return false
}
