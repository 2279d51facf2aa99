package html_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jira-oauth-watcher/internal/report"
	"jira-oauth-watcher/internal/report/html"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/internal/testkit/browser"
)

var (
	picture = flag.Bool("picture", false, "write the pictures in docs")
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

// complaints are what a browser reports about a page: errors, warnings, blocked
// and sent requests.
func complaints(t *testing.T, b *browser.Browser, page []byte) []string {
	s := serve(t, page)
	url := s.URL + "/report.html"
	requests, all := b.Open(url)
	if len(requests) != 1 || requests[0] != url {
		all = append(all, fmt.Sprintf("the browser requests %q", requests))
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
	b := browser.Start(t)
	for _, p := range []struct {
		name string
		r    report.Report
	}{{"empty", empty()}, {"one", one()}, {"several", several()}, {"incomplete", incomplete()}, {"years", years()}, {"storm", storm(600)},
		{"hostile", hostile()}, {"night", night(t)}} {
		if all := complaints(t, b, document(t, p.r)); len(all) > 0 {
			t.Errorf("%s:\n%s", p.name, strings.Join(all, "\n"))
		}
		for _, l := range []browser.View{{Width: 320}, {Width: 420}, {Width: 1000}, {Width: 1000, Dark: true}, {Width: 700, Media: "print"}} {
			b.View(l)
			if width, _ := b.Size(); width > l.Width {
				t.Errorf("%s is %d wide where there is room for %d", p.name, width, l.Width)
			}
			if *album != "" && l.Width >= 420 && l.Media == "" {
				leaves(t, b, filepath.Join(*album, p.name), l)
			}
		}
		for l, want := range map[browser.View]string{{Width: 700}: "rgb(244, 245, 247)", {Width: 700, Dark: true}: "rgb(19, 22, 26)",
			{Width: 700, Dark: true, Media: "print"}: "rgb(255, 255, 255)"} {
			b.View(l)
			if got := b.Evaluate("getComputedStyle(document.body).backgroundColor"); got != want {
				t.Errorf("%s, %+v: it is on %s, want %s", p.name, l, got, want)
			}
		}
		b.View(browser.View{Width: 1000})
		if *album != "" && p.name != "storm" {
			testkit.Write(t, filepath.Join(*album, p.name+".pdf"), string(b.PDF()))
		}
	}
}

// A night on which eight integrations fail is at most three screens of a desktop and six of a
// phone. The pictures in docs are made with -picture.
func TestHeight(t *testing.T) {
	b := browser.Start(t)
	page := serve(t, document(t, night(t)))
	for _, tt := range []struct {
		width, most int
		name        string
	}{{1280, 3 * 800, "scan-report"}, {390, 6 * 844, "scan-report-phone"}} {
		for _, dark := range []bool{false, true} {
			b.View(browser.View{Width: tt.width, Dark: dark})
			b.Open(page.URL)
			width, height := b.Size()
			t.Logf("%d: %d high", tt.width, height)
			if height > tt.most || width > tt.width {
				t.Errorf("at a width of %d, the page is %d wide and %d high, want at most %d", tt.width, width, height, tt.most)
			}
			if *picture {
				testkit.Write(t, "../../../docs/"+tt.name+map[bool]string{true: "-dark"}[dark]+".png", string(b.Picture(0, height)))
			}
		}
	}
}

// leaves writes the first screens of a page.
func leaves(t *testing.T, b *browser.Browser, name string, v browser.View) {
	const high = 1500
	_, height := b.Size()
	for n := 0; n < 4 && n*high < height; n++ {
		testkit.Write(t, fmt.Sprintf("%s-%d%s-%d.png", name, v.Width, map[bool]string{true: "dark"}[v.Dark], n), string(b.Picture(n*high, high)))
	}
}

// The browser test sees what it is there to see.
func TestBrowserComplains(t *testing.T) {
	b := browser.Start(t)
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
		if len(complaints(t, b, []byte(bad))) == 0 {
			t.Errorf("no complaint about %s", name)
		}
	}
}
