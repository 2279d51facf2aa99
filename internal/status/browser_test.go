package status_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/status"
	"jira-oauth-watcher/internal/testkit"
)

// browser is a headless Chromium, spoken to over a pair of pipes in its
// DevTools protocol.
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	id      int
	session string
	events  []message
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := testkit.Program(t, "chromium")
	ctx, cancel := testkit.WithPatience(t)
	toIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "browser-")
	if err != nil {
		t.Fatal(err)
	}
	// Without a sandbox, since there is none in a container; it sees one page
	// of ours.
	cmd := exec.CommandContext(ctx, path, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage", "--user-data-dir="+profile, "about:blank")
	cmd.ExtraFiles = []*os.File{toIn, fromOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toIn.Close()
	fromOut.Close()
	t.Cleanup(func() {
		b := &browser{t: t, in: in, out: bufio.NewReader(out)}
		b.write("Browser.close", nil)
		in.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
		cancel()
		until(t, "the browser's processes let go of their files", func() bool { return os.RemoveAll(profile) == nil })
	})
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID string }
	b.call(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.call(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Log", "Runtime"} {
		b.call(nil, domain+".enable", nil)
	}
	return b
}

func (b *browser) write(method string, params any) {
	b.id++
	text, err := json.Marshal(map[string]any{"id": b.id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		text, err = json.Marshal(map[string]any{"id": b.id, "method": method, "params": params})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.in.Write(append(text, 0))
}

// read is the next message; events are kept.
func (b *browser) read() message {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	var m message
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	if m.Method != "" {
		b.events = append(b.events, m)
	}
	return m
}

func (b *browser) call(into any, method string, params any) {
	b.t.Helper()
	b.write(method, params)
	for {
		m := b.read()
		if m.ID != b.id {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if into != nil {
			if err := json.Unmarshal(m.Result, into); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// open shows an address, in light or dark and so wide, and returns what was
// asked for on the way and what was complained about.
func (b *browser) open(address, scheme string, width int) (requests, complaints []string) {
	b.t.Helper()
	b.call(nil, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	b.call(nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false})
	b.events = nil
	b.call(nil, "Page.navigate", map[string]any{"url": address})
	for loaded := false; !loaded; {
		loaded = b.read().Method == "Page.loadEventFired"
	}
	b.evaluate("new Promise(done => setTimeout(done, 300))") // what comes late
	for _, e := range b.events {
		var p struct{ Request struct{ URL string } }
		json.Unmarshal(e.Params, &p)
		switch e.Method {
		case "Network.requestWillBeSent":
			if !strings.HasPrefix(p.Request.URL, "data:") {
				requests = append(requests, p.Request.URL)
			}
		case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown":
			complaints = append(complaints, string(e.Params))
		}
	}
	return requests, complaints
}

// evaluate runs a script, as a person does in the console, and returns its
// string.
func (b *browser) evaluate(script string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call(&r, "Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true})
	if r.ExceptionDetails != nil {
		b.t.Fatalf("script: %s", r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value)
}

// screenshot is the page as a PNG, at most so high.
func (b *browser) screenshot(width, high int) []byte {
	b.t.Helper()
	var m struct{ CSSContentSize struct{ Height float64 } }
	b.call(&m, "Page.getLayoutMetrics", nil)
	var r struct{ Data string }
	b.call(&r, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": map[string]any{
		"x": 0, "y": 0, "width": width, "height": min(m.CSSContentSize.Height, float64(high)), "scale": 1,
	}})
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}

// samples are pages to look at: all kinds of things, trouble with a storm, and
// a service that has just begun.
func samples(t *testing.T) map[string]status.Report {
	empty := sampleReport(t)
	empty.Open, empty.Closed, empty.Logs[0].LastLine, empty.Notifiers = nil, nil, empty.Started.Add(-time.Hour), empty.Notifiers[:1]
	return map[string]status.Report{"sample": sampleReport(t), "storm": sampleStorm(t), "empty": empty}
}

// A browser that shows the page asks for nothing else and complains about
// nothing, and the page fits into what is there. The pictures in docs are made
// with -update.
func TestBrowser(t *testing.T) {
	testkit.Slow(t, "it starts a browser")
	w := newWorld(t, func(*conf.Config) {})
	server := httptest.NewServer(w.site.Handler())
	defer server.Close()
	b := newBrowser(t)
	for name, r := range samples(t) {
		w.site.Fake(r)
		for _, width := range []int{940, 320} {
			for _, scheme := range []string{"light", "dark"} {
				requests, complaints := b.open(server.URL+"/", scheme, width)
				if len(requests) != 1 || len(complaints) > 0 {
					t.Errorf("%s %s: requests %q, complaints %q", name, scheme, requests, complaints)
				}
				if got := b.evaluate("getComputedStyle(document.querySelector('.banner')).borderLeftStyle"); got != "solid" {
					t.Errorf("%s %s: the style is not applied: %s", name, scheme, got)
				}
				if got := b.evaluate("document.documentElement.scrollWidth - innerWidth"); got != "0" {
					t.Errorf("%s %s: at a width of %d the page is %s pixels too wide", name, scheme, width, got)
				}
				png := b.screenshot(width, 2010)
				if len(png) < 10_000 || name == "sample" && len(png) > 300_000 {
					t.Errorf("%s %s: a picture of %d bytes", name, scheme, len(png))
				}
				if *update && name == "sample" && width == 940 {
					if err := os.WriteFile(filepath.Join("..", "..", "docs", "status-"+scheme+".png"), png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
