package status

import (
	"fmt"
	"net/http"

	"jira-oauth-watcher/internal/listen"
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
		case !listen.Here(rules, s.machine, r.Host):
			// Another site could resolve its name to this address and read the answer
			// (DNS rebinding).
			http.Error(w, fmt.Sprintf("this service is not called %q: ask it by its IP address, "+
				"or by the name that [http] listen has", r.Host), http.StatusMisdirectedRequest)
		case r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !s.logins.Allow(rules, r):
			h.Set("WWW-Authenticate", `Basic realm="jira-oauth-watcher", charset="UTF-8"`)
			http.Error(w, "user and password are required", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
