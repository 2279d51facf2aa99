// Package browser drives a headless Chromium in tests.
package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// Browser is a Chromium with one page, driven over a pair of pipes with its
// DevTools protocol: https://chromedevtools.github.io/devtools-protocol/
// All methods fail the test if the browser does not answer.
type Browser struct {
	t       testing.TB
	to      *os.File
	from    *bufio.Reader
	session string
	last    int     // ID of the last call
	events  []event // since Open
}

type event struct {
	Method string
	Params json.RawMessage
}

type object = map[string]any

// Start starts a browser that is killed at the end of the test. It reaches
// 127.0.0.1 and no other host. Without a Chromium the test is skipped, see
// testkit.Program; if the test fails, the browser's standard error is logged.
func Start(t testing.TB) *Browser {
	t.Helper()
	testkit.Slow(t, "it starts a browser")
	path := testkit.Program(t, "chromium")
	read, to := pipe(t)
	from, write := pipe(t)
	ctx, cancel := testkit.WithPatience(t)
	// No sandbox: a container has none, and the browser loads only our own pages.
	cmd := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-extensions", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{read, write} // become descriptors 3 and 4
	endWithChildren(cmd)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	read.Close()
	write.Close()
	t.Cleanup(func() {
		cancel()
		cmd.Wait() // until its children have closed standard error as well: they write to the profile
		if t.Failed() {
			t.Logf("standard error of chromium:\n%s", stderr.Bytes())
		}
	})
	b := &Browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	var target struct{ TargetID string }
	b.call(&target, "Target.createTarget", object{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.call(&attached, "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Log", "Runtime", "Audits"} {
		b.call(nil, domain+".enable", nil)
	}
	return b
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// call sends a command and waits for its result.
func (b *Browser) call(result any, method string, params object) {
	b.t.Helper()
	b.last++
	m := object{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	out, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(out, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		id, answer, failed := b.next()
		if id != b.last {
			continue
		}
		if failed != nil {
			b.t.Fatalf("%s: %s", method, failed)
		}
		if result != nil {
			if err := json.Unmarshal(answer, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// next reads one message: an answer to the call with that ID, or an event, which
// it keeps.
func (b *Browser) next() (id int, result, failed json.RawMessage) {
	b.t.Helper()
	text, err := b.from.ReadBytes(0)
	var m struct {
		ID            int
		Result, Error json.RawMessage
		event
	}
	if err = errors.Join(err, json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m)); err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	if m.Method != "" {
		b.events = append(b.events, m.event)
	}
	return m.ID, m.Result, m.Error
}

// Open loads a page. It returns the URLs of all requests until 300 ms after the
// load, but for the page's own data: URLs, and what the browser complains about:
// errors, warnings, blocked requests, dialogs, everything a script logs.
func (b *Browser) Open(url string) (requests, complaints []string) {
	b.t.Helper()
	b.events = nil
	b.call(nil, "Page.navigate", object{"url": url})
	for seen := 0; ; seen++ {
		for seen == len(b.events) {
			b.next()
		}
		if b.events[seen].Method == "Page.loadEventFired" {
			break
		}
	}
	b.Evaluate("new Promise(done => setTimeout(done, 300))") // an icon is requested after the load
	for _, e := range b.events {
		switch e.Method {
		case "Network.requestWillBeSent":
			var p struct {
				DocumentURL string
				Request     struct{ URL string }
			}
			if err := json.Unmarshal(e.Params, &p); err != nil {
				b.t.Fatal(err)
			}
			if p.DocumentURL != url || !strings.HasPrefix(p.Request.URL, "data:") {
				requests = append(requests, p.Request.URL)
			}
		case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded",
			"Page.javascriptDialogOpening":
			complaints = append(complaints, fmt.Sprintf("%s %s", e.Method, e.Params))
		}
	}
	return requests, complaints
}

// View is how a page is displayed.
type View struct {
	Width int
	Dark  bool
	Media string // "" = screen
}

// View displays the page, and all that are opened later, in another way.
func (b *Browser) View(v View) {
	b.t.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[v.Dark]
	b.call(nil, "Emulation.setDeviceMetricsOverride",
		object{"width": v.Width, "height": 1000, "deviceScaleFactor": 1, "mobile": false})
	b.call(nil, "Emulation.setEmulatedMedia",
		object{"media": v.Media, "features": []object{{"name": "prefers-color-scheme", "value": scheme}}})
}

// Evaluate runs a script in the page, waits for a promise, and returns its value
// as text. An exception fails the test.
func (b *Browser) Evaluate(script string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call(&r, "Runtime.evaluate", object{"expression": script, "awaitPromise": true, "returnByValue": true})
	if r.ExceptionDetails != nil {
		b.t.Fatalf("script: %s", r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value)
}

// Size is the size of the whole page.
func (b *Browser) Size() (width, height int) {
	b.t.Helper()
	var m struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	b.call(&m, "Page.getLayoutMetrics", nil)
	return int(m.CSSContentSize.Width), int(m.CSSContentSize.Height)
}

// Picture is the page as PNG: what there is from a height on, at most so many
// pixels high.
func (b *Browser) Picture(from, high int) []byte {
	b.t.Helper()
	width, height := b.Size()
	var shot struct{ Data []byte }
	b.call(&shot, "Page.captureScreenshot", object{"captureBeyondViewport": true,
		"clip": object{"x": 0, "y": from, "width": width, "height": min(high, height-from), "scale": 1}})
	return shot.Data
}

// PDF is the page as it is printed on A4.
func (b *Browser) PDF() []byte {
	b.t.Helper()
	var pdf struct{ Data []byte }
	b.call(&pdf, "Page.printToPDF",
		object{"preferCSSPageSize": true, "printBackground": false, "paperWidth": 8.27, "paperHeight": 11.69})
	return pdf.Data
}
