package notify_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/webhook"
)

// A receiver that knows its senders by certificate accepts ours, by the name
// in it, and refuses another's and none.
func TestClientCertificate(t *testing.T) {
	a := notifytest.NewAuthority(t)
	var names []string
	s := a.TlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		names = append(names, r.TLS.PeerCertificates[0].Subject.CommonName)
	}, tls.RequireAndVerifyClientCert)
	hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub", CAFile: notifytest.PemFile(t, "ca.pem", "CERTIFICATE", a.Cert.Raw)}, URL: conf.NewSecret(s.URL)}
	hook.ClientCert, hook.ClientKey = a.Issue(t, "watcher")
	if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, hook), alerttest.Alert(alert.Opened), false); err != nil || len(names) != 1 ||
		names[0] != "watcher" {
		t.Errorf("%v, the receiver saw %q", err, names)
	}
	other := hook
	other.ClientCert, other.ClientKey = notifytest.NewAuthority(t).Issue(t, "stranger")
	none := hook
	none.ClientCert, none.ClientKey = "", ""
	for name, h := range map[string]conf.Webhook{"another's": other, "none": none} {
		// The reason may be the receiver's alert or, if we still wrote then, a reset.
		if got, err := notifytest.Outcome(t, notifytest.Send(notifytest.Patience(t), newWebhook(t, h), alerttest.Alert(alert.Opened),
			false)); got != notify.Retry {
			t.Errorf("%s: outcome %d, %v", name, got, err)
		}
	}
	if len(names) != 1 {
		t.Errorf("the receiver saw %q", names)
	}
}

// A certificate that cannot be used is refused at the start, by its key in the
// configuration.
func TestClientCertificateAtFault(t *testing.T) {
	a := notifytest.NewAuthority(t)
	cert, key := a.Issue(t, "watcher")
	_, otherKey := a.Issue(t, "other")
	large := filepath.Join(t.TempDir(), "large")
	os.WriteFile(large, bytes.Repeat([]byte("x"), 2<<20), 0o600)
	for _, tt := range []struct{ name, cert, key, want string }{
		{"no such file", cert + "x", key, "client_cert: stat " + cert + "x: no such file"},
		{"no such key", cert, key + "x", "client_key: stat " + key + "x: no such file"},
		{"no key", cert, "", "client_key is missing"},
		{"no certificate", "", key, "client_cert is missing"},
		{"another's key", cert, otherKey, "client_cert: " + cert + " with the client_key " + otherKey + ": tls: private key does not match"},
		{"the wrong way round", key, cert, "client_cert: " + key},
		{"too large", large, key, "client_cert: " + large + " is larger than"},
	} {
		hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub"}, Client: conf.Client{ClientCert: tt.cert, ClientKey: tt.key}}
		_, err := webhook.New(hook)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// The proxy of the environment is used, and NO_PROXY makes exceptions. The
// request runs in a process of its own: Go reads the variables once.
func TestProxy(t *testing.T) {
	if url := os.Getenv("WATCHER_TEST_URL"); url != "" {
		hook := conf.Webhook{Notifier: conf.Notifier{CAFile: os.Getenv("WATCHER_TEST_CA")}, URL: conf.NewSecret(url)}
		if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, hook), alerttest.Alert(alert.Opened), false); err != nil {
			t.Fatal(err)
		}
		return
	}
	a := notifytest.NewAuthority(t)
	ca := notifytest.PemFile(t, "ca.pem", "CERTIFICATE", a.Cert.Raw)
	delivered := 0
	hub := a.TlsServer(t, func(http.ResponseWriter, *http.Request) { delivered++ }, tls.NoClientCert)
	asked := make(chan string, 10)
	address := notifytest.ConnectProxy(t, hub.Listener.Addr().String(), asked)
	for _, tt := range []struct {
		name, exceptions string
		ok               bool
	}{
		{"through the proxy", "other.test", true},
		{"an exception", "hub.test", false}, // the name is known to the proxy alone
	} {
		child := exec.CommandContext(notifytest.Patience(t), os.Args[0], "-test.run=^TestProxy$")
		child.Env = []string{"WATCHER_TEST_URL=https://hub.test/x", "WATCHER_TEST_CA=" + ca, "HTTPS_PROXY=http://" + address, "NO_PROXY=" + tt.exceptions}
		out, err := child.CombinedOutput()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v: %s", tt.name, err, out)
		}
	}
	if len(asked) != 1 || <-asked != "hub.test:443" || delivered != 1 {
		t.Errorf("the proxy was asked %d more times, %d deliveries", len(asked), delivered)
	}
}
