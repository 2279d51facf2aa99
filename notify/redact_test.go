package notify_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
)

// gson escapes as Gson does by default, and a stroke as PHP does.
var gson = strings.NewReplacer("=", `\u003d`, "&", `\u0026`, "<", `\u003c`, ">", `\u003e`, "'", `\u0027`, "/", `\/`)

// However a receiver writes what it was sent, whole or in part, no secret of
// it is told; what it says besides is.
func TestEscapedSecrets(t *testing.T) {
	const (
		segment = "T0SEGMENT/B0<SEGMENT>'x'&y"
		query   = "cXVlcnlxdWVyeQ/+=="
		header  = "aGVhZGVy/aGVhZGVy+aGVhZGVy=="
	)
	sent := "/services/" + segment + "?sig=" + query + " Authorization: Bearer " + header
	double := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for name, answer := range map[string]string{
		"as it is":            sent,
		"Gson":                gson.Replace(sent),
		"Gson, capitals":      strings.NewReplacer(`\u003d`, `\u003D`, `\u003c`, `\u003C`, `\u003e`, `\u003E`).Replace(gson.Replace(sent)),
		"JSON in JSON":        double.Replace(gson.Replace(sent)),
		"for a URL":           url.QueryEscape(sent),
		"for a path":          url.PathEscape(sent),
		"for a URL, twice":    url.QueryEscape(url.QueryEscape(sent)),
		"HTML":                html.EscapeString(sent),
		"HTML within JSON":    gson.Replace(html.EscapeString(sent)),
		"without padding":     strings.ReplaceAll(sent, "=", ""),
		"the header's half":   "Bearer " + header[:12] + "…",
		"the header's end":    header[len(header)-12:],
		"half of the query":   "sig=" + query[:9] + "…",
		"half of the segment": "T0SEGMEN… <SEGMENT",
	} {
		for _, format := range []string{"no %s no", "no\u00a0%s", `{"error":"%s","x":"no"}`} {
			to := notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(500)
				fmt.Fprintf(w, format, answer)
			}).URL
			address := to + "/services/" + (&url.URL{Path: segment}).EscapedPath() + "?sig=" + url.QueryEscape(query)
			hook := conf.Webhook{URL: conf.NewSecret(address),
				Client: conf.Client{Headers: map[string]conf.Secret{"Authorization": conf.NewSecret("Bearer " + header)}}}
			_, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newWebhook(t, hook), alerttest.Alert(alert.Opened), false))
			if strings.ContainsAny(format, "\u00a0{") && !strings.Contains(err.Error(), "no") {
				t.Errorf("%s: what it says is hidden: %v", name, err)
			}
			if !strings.Contains(err.Error(), "[secret]") {
				t.Errorf("%s: nothing is hidden: %v", name, err)
			}
			for _, part := range []string{"SEGMEN", "cXVlcn", "aGVhZGVy", "ZGVy+"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q is told: %v", name, part, err)
				}
			}
		}
	}
}

// Words of an address that a receiver calls public are left alone, whole ones only.
func TestPublicWords(t *testing.T) {
	u, err := url.Parse("https://host.example/s3cret-prefix/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	const answer = "no alerts at /s3cret-prefix"
	for want, public := range map[string][]string{
		"no alerts at /[secret]":   {"alerts"},
		"no [secret] at /[secret]": nil,
	} {
		if got := notify.NewRedactor(u, http.Header{}, public...).Redact(answer); got != want {
			t.Errorf("public %q: got %q, want %q", public, got, want)
		}
	}
}
