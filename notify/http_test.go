package notify_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
)

// Whatever goes wrong on the way is tried again, ends in time, and is told
// without the address, its path, our headers or the secret, also when the
// receiver repeats them.
func TestFaults(t *testing.T) {
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it would say that it is not trusted
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for _, tt := range []struct {
		name, url      string
		webhook, slack notify.Outcome
	}{
		{"refused", closed(t), notify.Retry, notify.Retry},
		{"untrusted", untrusted.URL, notify.Retry, notify.Retry},
		{"plain text at a TLS address", strings.Replace(answering(t, 200, "ok"), "http:", "https:", 1), notify.Retry, notify.Retry},
		{"hangs", raw(t, func(c net.Conn) { io.Copy(io.Discard, c) }), notify.Retry, notify.Retry},
		{"reset", raw(t, Reset), notify.Retry, notify.Retry},
		{"no HTTP", raw(t, func(c net.Conn) { io.WriteString(c, "SSH-2.0-"+strings.Repeat("x", 1<<20)+"\r\n") }), notify.Retry, notify.Retry},
		{"slow header", raw(t, func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("A: b\r\n", 100)) }), notify.Retry, notify.Retry},
		{"endless header", raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, "A: "+strings.Repeat("b", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}), notify.Retry, notify.Retry},
		// Accepted is accepted: the status says so. Slack's is in the body.
		{"reset within the body", raw(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"); Reset(c) }), -1, notify.Retry},
		{"slow body", raw(t, func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
			drip(c, strings.Repeat("x", 999))
		}), -1, notify.Retry},
		{"reset within the body of an error", raw(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 503 No\r\nContent-Length: 99\r\n\r\nhalf"); Reset(c) }), notify.Retry, notify.Retry},
		{"endless body", server(t, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("endless ", 1000)); err != nil {
					return
				}
			}
		}).URL, -1, notify.BadSettings},
		{"repeats the request", server(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprintf(w, "no %s %s %s %s", r.RequestURI, r.URL.Path, r.URL.Query(), r.Header)
		}).URL, notify.Retry, notify.Retry},
		{"repeats the request late", server(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			fmt.Fprint(w, strings.Repeat(" ", 4<<10-len(r.RequestURI)+3), r.RequestURI)
		}).URL, notify.Retry, notify.Retry},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := tt.url + "/services/" + canaryPath + "?sig=" + canaryQuery
			hook := conf.Webhook{URL: conf.NewSecret(address), Secret: conf.NewSecret(secret), Client: conf.Client{Headers: map[string]conf.Secret{"Authorization": conf.NewSecret("Bearer " + canaryHeader)}}}
			for _, n := range []struct {
				to   notify.Notifier
				want notify.Outcome
			}{{webhook(t, hook), tt.webhook}, {slackTo(t, address), tt.slack}} {
				var err *notify.Error
				limit := 250 * time.Millisecond // a busy machine needs more until the status is there
				testkit.Until(t, func() error {
					limit *= 2
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					var got notify.Outcome
					if got, err = outcome(t, send(ctx, n.to, newAlert(alert.Opened), false)); got != n.want {
						return fmt.Errorf("%T: outcome %d (%v), want %d", n.to, got, err, n.want)
					}
					return nil
				})
				if err != nil {
					noCanary(t, err.Error())
				}
				if tt.name == "endless header" && !strings.Contains(err.Error(), "exceeded 65536 bytes") {
					t.Errorf("it was not bounded: %v", err)
				}
			}
		})
	}
}

// An address that is no URL is not shown either.
func TestBadAddress(t *testing.T) {
	got, err := outcome(t, send(soon(t), slackTo(t, "https://x/"+canaryPath+"\x00%zz"), newAlert(alert.Opened), false))
	if got != notify.BadSettings {
		t.Errorf("outcome %d", got)
	}
	noCanary(t, err.Error())
}

// ca_file trusts an authority of one's own, and one that is at fault is said.
func TestCAFile(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}}
	s.StartTLS()
	defer s.Close()
	root := s.TLS.Certificates[0].Certificate[1]
	dir := t.TempDir()
	good := filepath.Join(dir, "good.pem")
	os.WriteFile(good, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}), 0o600)
	hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub", CAFile: good}, URL: conf.NewSecret(s.URL)}
	if err := send(soon(t), webhook(t, hook), newAlert(alert.Opened), false); err != nil {
		t.Error(err)
	}

	empty, large := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "large.pem")
	os.WriteFile(empty, []byte("nothing"), 0o600)
	os.WriteFile(large, bytes.Repeat([]byte("x"), 2<<20), 0o600)
	for file, want := range map[string]string{empty: "holds no certificate", large: "larger than", filepath.Join(dir, "none"): "no such file"} {
		hook.CAFile = file
		_, err := notify.NewWebhook(hook)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `ca_file: `) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if u, _ := url.Parse(s.URL); u.Scheme != "https" {
		t.Fatal("the receiver was not TLS")
	}
}
