package status_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/status"
)

// Clients that do not read share one page, which is made once a second at most, and
// leave room for others.
func TestClientsThatDoNotRead(t *testing.T) {
	w := newWorld(t, func(*conf.Config) {})
	r := sampleReport(t)
	one := r.Open[1]
	one.Data.Log.Excerpt = strings.Repeat("x", 100_000)
	for r.Open = nil; len(r.Open) < status.PerPage; {
		r.Open = append(r.Open, one)
	}
	var made, making, most atomic.Int32
	w.site.FakeEach(func() status.Report {
		made.Add(1)
		n := making.Add(1)
		defer making.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(10 * time.Millisecond) // in which others would begin
		return r
	})
	server := httptest.NewServer(w.site.Handler())
	defer server.Close()
	address := server.Listener.Addr().String()
	begin := time.Now()
	first := make(chan error, 100)
	for range 60 {
		c := dial(t, address)
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
		go func() {
			_, err := c.Read(make([]byte, 1))
			first <- err
		}()
	}
	for range 60 {
		if err := <-first; err != nil {
			t.Error(err)
		}
	}
	if allowed := int32(time.Since(begin)/time.Second) + 1; made.Load() > allowed || most.Load() > 2 {
		t.Errorf("%d pages were made, want at most %d; %d at a time", made.Load(), allowed, most.Load())
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 200<<20 { // one page has 10 MB
		t.Errorf("they hold %d bytes", memory.HeapAlloc)
	}
	for range 60 { // more than the bound in all
		fmt.Fprintf(dial(t, address), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	}
	response, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "alive\n" {
		t.Errorf("/healthz: %v %s", err, body)
	}
}

// As many bodies as are allowed are in memory while they are sent; one more waits for
// one of them, and not for ever. One that failed takes no room.
func TestBodiesBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := status.NewBodies()
		get := func(key string) (string, func(), error) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			return b.Get(ctx, key, func() (string, error) { return key + time.Now().Format(" 15:04:05"), nil })
		}
		failed := errors.New("no report")
		for range status.MaxBodies {
			if _, _, err := b.Get(t.Context(), "0", func() (string, error) { return "", failed }); err != failed {
				t.Errorf("an error: %v", err)
			}
		}
		var done []func()
		begin := time.Now()
		for i := range status.MaxBodies {
			_, d, err := get(fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, d)
		}
		if text, d, err := get("0"); err != nil || text != "0"+begin.Format(" 15:04:05") {
			t.Errorf("a fresh one: %s %v", text, err)
		} else {
			d()
		}
		if _, _, err := get("more"); err != status.ErrBusy || time.Since(begin) != 5*time.Second {
			t.Errorf("one more: %v after %v", err, time.Since(begin))
		}
		for _, d := range done {
			d()
		}
		for i := range 2 * status.MaxBodies { // each makes room a second later
			text, d, err := get(fmt.Sprint(i))
			if want := fmt.Sprint(i) + time.Now().Format(" 15:04:05"); err != nil || text != want {
				t.Fatalf("got %s %v, want %s", text, err, want)
			}
			d()
		}
	})
}
