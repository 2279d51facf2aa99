//go:build system

package systemtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"jira-oauth-watcher/internal/alert"
)

// hub is a webhook receiver on the loopback of a machine.
type hub struct {
	URL string

	mu     sync.Mutex
	alerts []alert.Alert
	signed bool // every request so far had a signature
}

func listen(t *testing.T, m *machine) *hub {
	t.Helper()
	var l net.Listener
	err := m.within(func() (err error) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{URL: "http://" + l.Addr().String(), signed: true}
	server := &http.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return h
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed within the request
	}
	var a alert.Alert
	if err := json.Unmarshal(body, &a); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alerts = append(h.alerts, a)
	h.signed = h.signed && r.Header.Get("webhook-signature") != ""
}

// received are the alerts so far, by integration.
func (h *hub) received() map[string][]alert.Data {
	h.mu.Lock()
	defer h.mu.Unlock()
	byIntegration := map[string][]alert.Data{}
	for _, a := range h.alerts {
		byIntegration[a.Data.Integration.ID] = append(byIntegration[a.Data.Integration.ID], a.Data)
	}
	return byIntegration
}

// waitFor waits for an alert about an integration.
func (h *hub) waitFor(t *testing.T, id string) alert.Data {
	t.Helper()
	var got []alert.Data
	eventually(t, "an alert about "+id, func() error {
		if got = h.received()[id]; len(got) == 0 {
			return fmt.Errorf("none among the %d integrations reported", len(h.received()))
		}
		return nil
	})
	return got[0]
}

// judge compares the alerts with the integrations that failed: each of them once, as
// opened; again only with the same ID.
func (h *hub) judge(t *testing.T, failed []string) (repeats int) {
	t.Helper()
	received := h.received()
	lost, doubled := 0, 0
	for _, id := range failed {
		all := received[id]
		if len(all) == 0 {
			lost++
			continue
		}
		for _, d := range all {
			if d.ID != all[0].ID || d.Kind != alert.Opened {
				doubled++
			}
		}
		repeats += len(all) - 1
	}
	if lost > 0 || doubled > 0 {
		t.Errorf("of %d failures %d were never reported, %d alerts were repeated with another ID", len(failed), lost, doubled)
	}
	return repeats
}
