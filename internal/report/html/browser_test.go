package html_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
)

var (
	picture = flag.Bool("picture", false, "write docs/scan-report.png")
	album   = flag.String("album", "", "directory to write pictures of all pages to")
)

func document(t testing.TB, r report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// site serves one page, and notes each request.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

func serve(t *testing.T, page []byte) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.paths = append(s.paths, r.URL.Path)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/html") // the page names its characters itself
		w.Write(page)
	}))
	t.Cleanup(s.Close)
	return s
}

// complaints are what a browser has to say against a page: errors, warnings,
// blocked or sent requests.
func complaints(c *chrome, page []byte) []string {
	s := serve(c.t, page)
	var all []string
	for _, m := range c.open(s.URL + "/report.html") {
		switch m.Method {
		case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded", "Page.javascriptDialogOpening":
			all = append(all, m.String())
		case "Network.requestWillBeSent":
			if text := string(m.Params); !strings.Contains(text, `"documentURL":"`+s.URL+`/report.html"`) ||
				!strings.Contains(text, `"url":"`+s.URL+`/report.html"`) && !strings.Contains(text, `"url":"data:`) {
				all = append(all, m.String())
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.paths) != 1 {
		all = append(all, fmt.Sprintf("requests %q", s.paths))
	}
	return all
}

// A browser shows each page without a complaint and without another request,
// and no page is wider than the window, however narrow.
func TestBrowser(t *testing.T) {
	c := newChrome(t)
	for _, p := range []struct {
		name string
		r    report.Report
	}{{"empty", empty()}, {"one", one()}, {"several", several()}, {"incomplete", incomplete()}, {"years", years()}, {"storm", storm(600)},
		{"hostile", hostile()}} {
		if all := complaints(c, document(t, p.r)); len(all) > 0 {
			t.Errorf("%s:\n%s", p.name, strings.Join(all, "\n"))
		}
		for _, l := range []look{{width: 320}, {width: 420}, {width: 1000}, {width: 1000, dark: true}, {width: 700, media: "print"}} {
			c.look(l)
			if width, _ := c.extent(); width > l.width {
				t.Errorf("%s is %d wide where there is room for %d", p.name, width, l.width)
			}
			if *album != "" && l.width >= 420 && l.media == "" {
				c.leaves(filepath.Join(*album, p.name), l)
			}
		}
		for l, want := range map[look]string{{width: 700}: "rgb(255, 255, 255)", {width: 700, dark: true}: "rgb(20, 23, 28)",
			{width: 700, dark: true, media: "print"}: "rgb(255, 255, 255)"} {
			c.look(l)
			if got := c.value("getComputedStyle(document.body).backgroundColor"); got != want {
				t.Errorf("%s, %+v: it is on %s, want %s", p.name, l, got, want)
			}
		}
		c.look(look{width: 1000})
		if *album != "" && p.name != "storm" {
			keep(t, filepath.Join(*album, p.name+".pdf"), c.print())
		}
		if *picture && p.name == "several" {
			keep(t, "../../../docs/scan-report.png", c.picture(look{width: 1000, height: 1630}, 0))
		}
	}
}

// leaves writes the first screens of a page.
func (c *chrome) leaves(name string, l look) {
	_, height := c.extent()
	l.height = 1500
	for n := 0; n < 4 && n*l.height < height; n++ {
		keep(c.t, fmt.Sprintf("%s-%d%s%s-%d.png", name, l.width, l.media, map[bool]string{true: "dark"}[l.dark], n), c.picture(l, n*l.height))
	}
}

func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The browser test sees what it is there to see.
func TestBrowserComplains(t *testing.T) {
	c := newChrome(t)
	good := string(document(t, one()))
	for name, bad := range map[string]string{
		"an image":          strings.Replace(good, "<main>", `<main><img src="/x.png" alt=""/>`, 1),
		"a script":          strings.Replace(good, "<main>", `<main><script>console.error(1)</script>`, 1),
		"a link to an icon": strings.Replace(good, `href="data:,"`, `href="/icon.png"`, 1),
		"no policy, a font": strings.NewReplacer("http-equiv", "name", "<main>",
			`<main><style>@font-face{font-family:x;src:url(/f)} h1{font-family:x}</style>`).Replace(good),
	} {
		if bad == good {
			t.Errorf("%s: nothing was changed", name)
		}
		if len(complaints(c, []byte(bad))) == 0 {
			t.Errorf("no complaint about %s", name)
		}
	}
}
