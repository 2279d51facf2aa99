package html_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"jira-oauth-watcher/internal/testkit"
)

// chrome is a headless browser, spoken to over a pipe with its DevTools
// protocol: https://chromedevtools.github.io/devtools-protocol/
type chrome struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	events  []message // what came while an answer was awaited
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

type object = map[string]any

// newChrome starts a browser that reaches this machine and no other. Without
// one the test is skipped, where all tools must be there it fails.
func newChrome(t *testing.T) *chrome {
	t.Helper()
	testkit.Slow(t, "it starts a browser")
	path := testkit.Program(t, "chromium")
	read, to := pipe(t)
	from, write := pipe(t)
	ctx, cancel := testkit.WithPatience(t)
	cmd := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{read, write} // become 3 and 4
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	read.Close()
	write.Close()
	c := &chrome{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("chromium said:\n%s", said.Bytes())
		}
		cancel()
		cmd.Wait()
	})
	var target struct{ TargetID string }
	c.call(&target, "Target.createTarget", object{"url": "about:blank"})
	var attached struct{ SessionID string }
	c.call(&attached, "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true})
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Log", "Runtime", "Audits"} {
		c.call(nil, domain+".enable", nil)
	}
	return c
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// call sends a command and waits for its answer.
func (c *chrome) call(result any, method string, params object) {
	c.t.Helper()
	c.last++
	m := object{"id": c.last, "method": method, "params": params}
	if c.session != "" {
		m["sessionId"] = c.session
	}
	out, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.to.Write(append(out, 0)); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := c.next()
		if m.ID != c.last {
			c.events = append(c.events, m)
			continue
		}
		if m.Error != nil {
			c.t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				c.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

func (c *chrome) next() message {
	c.t.Helper()
	text, err := c.from.ReadBytes(0)
	var m message
	if err = errors.Join(err, json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m)); err != nil {
		c.t.Fatalf("chromium: %v", err)
	}
	return m
}

// open loads a page, and gives back all that came until it was there and a
// moment after.
func (c *chrome) open(url string) []message {
	c.t.Helper()
	c.events = nil
	c.call(nil, "Page.navigate", object{"url": url})
	for seen := 0; ; {
		for ; seen < len(c.events); seen++ {
			if c.events[seen].Method == "Page.loadEventFired" {
				// An icon is asked for after the page is there.
				c.call(nil, "Runtime.evaluate", object{"expression": "new Promise(done => setTimeout(done, 300))", "awaitPromise": true})
				return c.events
			}
		}
		c.events = append(c.events, c.next())
	}
}

// look is how a page is looked at.
type look struct {
	width, height int
	dark          bool
	media         string // "" = screen
}

func (c *chrome) look(l look) {
	c.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	c.call(nil, "Emulation.setDeviceMetricsOverride", object{"width": l.width, "height": max(l.height, 800), "deviceScaleFactor": 1, "mobile": false})
	c.call(nil, "Emulation.setEmulatedMedia", object{"media": l.media, "features": []object{{"name": "prefers-color-scheme", "value": scheme}}})
}

// value is what an expression is on the page.
func (c *chrome) value(expression string) any {
	c.t.Helper()
	var r struct{ Result struct{ Value any } }
	c.call(&r, "Runtime.evaluate", object{"expression": expression})
	return r.Result.Value
}

// extent is the size of the whole page.
func (c *chrome) extent() (width, height int) {
	c.t.Helper()
	var m struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	c.call(&m, "Page.getLayoutMetrics", nil)
	return int(m.CSSContentSize.Width), int(m.CSSContentSize.Height)
}

// picture is the page as PNG, from a height on.
func (c *chrome) picture(l look, from int) []byte {
	c.t.Helper()
	c.look(l)
	width, height := c.extent()
	if l.height > 0 {
		height = min(l.height, height-from)
	}
	var shot struct{ Data []byte }
	c.call(&shot, "Page.captureScreenshot", object{"captureBeyondViewport": true,
		"clip": object{"x": 0, "y": from, "width": width, "height": min(height, 12_000), "scale": 1}})
	return shot.Data
}

// print is the page as PDF.
func (c *chrome) print() []byte {
	c.t.Helper()
	var pdf struct{ Data []byte }
	c.call(&pdf, "Page.printToPDF", object{"preferCSSPageSize": true, "printBackground": false, "paperWidth": 8.27, "paperHeight": 11.69})
	return pdf.Data
}

func (m message) String() string { return fmt.Sprintf("%s %s", m.Method, m.Params) }
