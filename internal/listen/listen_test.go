package listen_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/listen"
)

const connections = 64

// serve answers on a free port of this machine.
func serve(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	free.Close()
	s, err := listen.On("[http] listen", address, connections, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return address
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })

// A port in use is an error that names it.
func TestPortInUse(t *testing.T) {
	address := serve(t, hello)
	_, err := listen.On("[http] listen", address, connections, hello, slog.New(slog.DiscardHandler))
	want := "[http] listen: " + address + " is in use by another program: stop that one, or choose another port"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	_, err = listen.On("[http] listen", "192.0.2.1:9494", connections, hello, slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "[http] listen: 192.0.2.1:9494: ") || strings.Count(err.Error(), "192.0.2.1") != 1 {
		t.Errorf("got %v", err)
	}
}

// A connection beyond the bound is answered at once: it takes the place of one that has
// done nothing for long.
func TestConnectionsBounded(t *testing.T) {
	address := serve(t, hello)
	var all []net.Conn
	for range connections {
		all = append(all, dial(t, address))
		if err := get(all[len(all)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := get(all[0]); err != nil {
		t.Fatal(err)
	}
	if err := get(dial(t, address)); err != nil {
		t.Errorf("one connection more: %v", err)
	}
	closed := 0
	for i, c := range all {
		if err := get(c); err != nil {
			closed++
			if i == 0 {
				t.Errorf("the one that was used last was closed: %v", err)
			}
		}
	}
	if closed != 1 {
		t.Errorf("%d connections were closed for one", closed)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// get asks and reads the answer.
func get(c net.Conn) error {
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// A header that is too long, or does not come, takes nothing for long.
func TestHeadersBounded(t *testing.T) {
	t.Parallel()
	address := serve(t, hello)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long header: %v %v", response, err)
	}
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "GET / HTTP/1.1\r\nHo")
	if _, err := io.ReadAll(slow); err != nil {
		t.Errorf("a slow header is waited for: %v", err)
	}
}
