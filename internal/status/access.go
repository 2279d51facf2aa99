package status

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
)

// restrict answers only requests that are allowed, and forbids browsers to do anything
// but show the answers.
func (s *Site) restrict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		rules := s.running.Load().Conf.HTTP
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are answered", http.StatusMethodNotAllowed)
		case !s.isHost(rules, r.Host):
			// Another site could resolve its name to this address and read the answer
			// (DNS rebinding).
			http.Error(w, fmt.Sprintf("this service is not called %q: ask it by its IP address, "+
				"or by the name that [http] listen has", r.Host), http.StatusMisdirectedRequest)
		case r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !s.login(rules, r):
			h.Set("WWW-Authenticate", `Basic realm="jira-oauth-watcher", charset="UTF-8"`)
			http.Error(w, "user and password are required", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isHost reports whether a request to this host name is for this service. An IP address
// is not a name that another site could resolve to it.
func (s *Site) isHost(rules conf.HTTP, host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback() || !rules.Loopback()
	}
	own, _, _ := net.SplitHostPort(rules.Listen)
	return slices.ContainsFunc([]string{"localhost", own, s.machine}, func(known string) bool {
		return known != "" && strings.EqualFold(name, known)
	})
}

// hasPassword reports whether a request has the password, if one is set. The time it
// takes reveals nothing about the password.
func hasPassword(rules conf.HTTP, r *http.Request) bool {
	if rules.BasicAuth.IsZero() {
		return true
	}
	user, password, _ := r.BasicAuth()
	given, want := sha256.Sum256([]byte(user+":"+password)), sha256.Sum256([]byte(rules.BasicAuth.Reveal()))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}
