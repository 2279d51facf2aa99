package notify_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/webhook"
)

// ca_file trusts an authority of one's own, and one that is at fault is said.
func TestCAFile(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{notifytest.OwnCertificate(t)}}
	s.StartTLS()
	defer s.Close()
	root := s.TLS.Certificates[0].Certificate[1]
	dir := t.TempDir()
	good := filepath.Join(dir, "good.pem")
	os.WriteFile(good, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}), 0o600)
	hook := conf.Webhook{Notifier: conf.Notifier{Name: "hub", CAFile: good}, URL: conf.NewSecret(s.URL)}
	if err := notifytest.Send(notifytest.Patience(t), newWebhook(t, hook), alerttest.Alert(alert.Opened), false); err != nil {
		t.Error(err)
	}

	empty, large := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "large.pem")
	os.WriteFile(empty, []byte("nothing"), 0o600)
	os.WriteFile(large, bytes.Repeat([]byte("x"), 2<<20), 0o600)
	for file, want := range map[string]string{empty: "contains no certificate", large: "larger than", filepath.Join(dir, "none"): "no such file"} {
		hook.CAFile = file
		_, err := webhook.New(hook)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `ca_file: `) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if u, _ := url.Parse(s.URL); u.Scheme != "https" {
		t.Fatal("the receiver was not TLS")
	}
}
