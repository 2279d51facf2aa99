package main_test

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// hostsOnline starts what check --online meets, and puts it into the environment of a script: $RECEIVER
// and $RELAY of the CA in ca.pem, and $PROXY, which leads to the receiver whatever the host. Nobody
// may send a request, a mail or credentials.
func hostsOnline(ts *testscript.TestScript, _ bool, _ []string) {
	var wrong atomic.Value
	hub := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		wrong.Store("a request: " + r.Method + " " + r.URL.String())
	}))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != "":
			wrong.Store("to the proxy: " + r.Method + " " + r.Header.Get("Proxy-Authorization"))
		case strings.HasPrefix(r.Host, "blocked."):
			w.WriteHeader(http.StatusForbidden)
			return
		case strings.HasPrefix(r.Host, "login."):
			w.Header().Set("Proxy-Authenticate", "Basic")
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		to, err := net.Dial("tcp", hub.Listener.Addr().String())
		if err != nil {
			return
		}
		defer to.Close()
		w.WriteHeader(http.StatusOK)
		from, begun, err := http.NewResponseController(w).Hijack() // begun: what the server has read ahead
		if err != nil {
			return
		}
		defer from.Close()
		go io.Copy(to, begun)
		io.Copy(from, to)
	}))
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	go func() {
		for {
			c, err := relay.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, "220 relay.test ESMTP\r\n")
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					switch word, _, _ := strings.Cut(lines.Text(), " "); word {
					case "EHLO":
						io.WriteString(c, "250-relay.test\r\n250 STARTTLS\r\n")
					case "STARTTLS":
						io.WriteString(c, "220 go ahead\r\n")
						secure := tls.Server(c, hub.TLS)
						if rest, _ := io.ReadAll(secure); len(rest) > 0 {
							wrong.Store("to the relay: " + string(rest))
						}
						return
					case "AUTH", "MAIL":
						wrong.Store("to the relay: " + lines.Text())
					}
				}
			}()
		}
	}()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hub.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o600))
	ts.Setenv("RECEIVER", hub.Listener.Addr().String())
	ts.Setenv("PROXY", proxy.Listener.Addr().String())
	_, port, _ := net.SplitHostPort(relay.Addr().String())
	ts.Setenv("RELAY", "localhost.:"+port) // not loopback as the configuration has it, so it needs STARTTLS
	ts.Defer(func() {
		hub.Close()
		proxy.CloseClientConnections()
		proxy.Close()
		relay.Close()
		if what := wrong.Load(); what != nil {
			ts.Fatalf("check --online sent %s", what)
		}
	})
}
