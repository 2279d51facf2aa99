package listen

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/clock"
)

const (
	freeLogins = 3           // refused logins within forgetting that cause no delay
	loginPause = time.Second // before each further one is checked
	forgetting = time.Minute // also how often refused logins are logged
)

// Logins checks logins, and slows down guessing of the password. It knows all clients together: behind a
// proxy they have one address. Someone with the password waits as well, but is never
// locked out.
type Logins struct {
	What  string // what is logged in to, for the log
	Log   *slog.Logger
	Sleep func(context.Context, time.Duration) // nil = really

	mu      sync.Mutex
	refused int       // each within forgetting of the next
	last    time.Time // when the last one was
	logged  time.Time
	silent  int // refused since then
}

// pause is how long a login waits before it is checked.
func (l *Logins) pause(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused < freeLogins || now.Sub(l.last) >= forgetting {
		return 0
	}
	return loginPause
}

// refuse notes a refused login. n is how many there were since the last that
// was logged; 0 = this one is not to be.
func (l *Logins) refuse(now time.Time) (n int) {
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

// Allow reports whether a request has the password or the token, if one is set. A browser begins
// without a login: that counts as none. What was given is not logged: it may be a password.
func (l *Logins) Allow(rules conf.HTTP, r *http.Request) bool {
	if rules.Open() || r.Header.Get("Authorization") == "" {
		return Permits(rules, r)
	}
	wait := l.Sleep
	if wait == nil {
		wait = func(ctx context.Context, d time.Duration) { clock.Wait(ctx, nil, d) }
	}
	wait(r.Context(), l.pause(time.Now()))
	if Permits(rules, r) {
		return true
	}
	if n := l.refuse(time.Now()); n > 0 {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		l.Log.Warn(l.What+": login refused", "from", from, "refused", n)
	}
	return false
}

// Permits is Allow without a delay and a log.
func Permits(rules conf.HTTP, r *http.Request) bool {
	user, password, basic := r.BasicAuth()
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return rules.Open() || basic && same(user+":"+password, rules.BasicAuth) || bearer && same(token, rules.Token)
}

// same compares with a secret that is set. The time it takes reveals nothing about it.
func same(given string, secret conf.Secret) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret.Reveal()))
	return !secret.IsZero() && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
