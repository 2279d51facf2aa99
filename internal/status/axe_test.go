package status_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/testkit/browser"
)

// axeCore is the referee of accessibility, as npm names it.
const axeCore = "axe-core@4.14.1"

// axe is its script.
func axe(t *testing.T) string {
	t.Helper()
	npm := testkit.Program(t, "npm")
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), npm, "pack", "--silent", "--prefer-offline", "--pack-destination", dir, axeCore)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	packed, _ := filepath.Glob(filepath.Join(dir, "axe-core-*.tgz"))
	if err != nil || len(packed) != 1 {
		t.Logf("npm pack: %v\n%s", err, out)
		testkit.Missing(t, axeCore)
	}
	f, err := os.Open(packed[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("axe-core has no axe.min.js")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "package/axe.min.js" {
			script, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			return string(script)
		}
	}
}

// axe-core finds nothing serious or critical on the page, in light and dark,
// wide and narrow; nor anything that is merely moderate.
func TestAccessible(t *testing.T) {
	testkit.Slow(t, "it starts a browser")
	script := axe(t)
	w := newWorld(t, func(*conf.Config) {})
	server := httptest.NewServer(w.site.Handler())
	defer server.Close()
	b := browser.Start(t)
	for name, r := range samples(t) {
		w.site.Fake(r)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{1000, 320} {
				b.View(browser.View{Width: width, Dark: scheme == "dark"})
				b.Open(server.URL + "/")
				b.Evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
				b.Evaluate(script + "; undefined")
				found := b.Evaluate(`axe.run().then(r => r.violations.map(v => v.impact + " " + v.id + ": " + v.help + "\n  " + ` +
					`v.nodes.map(n => n.html).join("\n  ")).join("\n"))`)
				if found != "" {
					t.Errorf("%s, %s, %d wide:\n%s", name, scheme, width, found)
				}
				if passed := b.Evaluate(`axe.run().then(r => r.passes.length)`); passed < "1" {
					t.Errorf("%s: axe looked at nothing", name)
				}
			}
		}
	}
}
