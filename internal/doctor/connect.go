package doctor

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/text"
)

const (
	maxAddresses = 16        // of one name that are tried
	maxAnswer    = 256 << 10 // bytes of what a server or proxy says
	maxQuoted    = 200       // characters of it that are shown
)

// connect resolves the name and connects, through the proxy if there is one. nil = it failed.
func (p *probe) connect(ctx context.Context) net.Conn {
	host, port := p.address()
	if socks := p.JVM.Property("socksProxyHost"); socks != "" && p.Via == "" && !p.JVM.Direct(p.Host) {
		port, _ := strconv.Atoi(cmp.Or(p.JVM.Property("socksProxyPort"), "1080"))
		conn := p.dial(ctx, p.resolve(ctx, socks), port)
		if conn == nil {
			f := known("proxy-socks")
			f.Cause = p.Verdict.Cause // Java's words do not name the proxy
			p.Verdict = f
			return nil
		}
		conn.Close()
		p.step(Note, "proxy", "direct connection", "Java connects through a SOCKS proxy",
			"What follows was probed without that proxy.")
	}
	if p.Kind != HTTPS && p.proxyFor("") != "" {
		p.step(Good, "proxy", "direct connection", "mail does not go through an HTTP proxy", "")
	}
	conn := p.dial(ctx, p.resolve(ctx, host), port)
	if conn == nil {
		return nil
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	if p.Via != "" && !p.tunnel(conn) {
		return nil
	}
	return conn
}

func (p *probe) resolve(ctx context.Context, host string) []netip.Addr {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}
	}
	part, cancel := context.WithTimeout(ctx, p.timeout()/3)
	defer cancel()
	found, err := cmp.Or(p.Resolver, net.DefaultResolver).LookupNetIP(part, "ip", host)
	tried := "look up " + host
	if err == nil && len(found) > 0 {
		var list, families []string
		for i, a := range found {
			found[i] = a.Unmap()
			list = append(list, found[i].String())
			if f := family(a); !strings.Contains(strings.Join(families, " "), f) {
				families = append(families, f)
			}
		}
		p.step(Good, "dns", tried, text.Cut(strings.Join(list, ", "), maxQuoted)+" ("+strings.Join(families, " and ")+")", "")
		return found[:min(len(found), maxAddresses)]
	}
	f, got := known("net-dns-unknown-host"), "no such host"
	switch dns, ok := errors.AsType[*net.DNSError](err); {
	case ok && dns.IsNotFound:
	case ok && dns.IsTimeout, part.Err() != nil:
		f, got = known("dns-no-answer"), "the name server did not answer"
	default:
		f, got = known("dns-failure"), "the name server reported an error"
	}
	if p.Via != "" {
		f = known("proxy-host-unresolvable")
	}
	p.fail(f, "dns", tried, got)
	return nil
}

// dial connects to all addresses at once and keeps the first in their order that answers.
func (p *probe) dial(ctx context.Context, addresses []netip.Addr, port int) net.Conn {
	part, cancel := context.WithTimeout(ctx, p.timeout()/3)
	defer cancel()
	dial := p.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	type outcome struct {
		conn net.Conn
		err  error
		took time.Duration
	}
	outcomes := make([]outcome, len(addresses))
	var all sync.WaitGroup
	for i, a := range addresses {
		all.Go(func() {
			began := time.Now()
			conn, err := dial(part, "tcp", net.JoinHostPort(a.String(), strconv.Itoa(port)))
			outcomes[i] = outcome{conn, err, time.Since(began)}
		})
	}
	all.Wait()
	kept := slices.IndexFunc(outcomes, func(o outcome) bool { return o.err == nil })
	for i, o := range outcomes {
		tried := "connect to " + net.JoinHostPort(addresses[i].String(), strconv.Itoa(port))
		f, got := connectFault(o.err)
		switch {
		case o.err == nil:
			p.step(Good, "tcp", tried, "connected", "")
			if i != kept {
				o.conn.Close()
			}
		case kept < 0:
			if p.Via != "" {
				f.Title, f.Text = "The connection to the proxy fails", "This is the proxy. "+f.Text
			}
			p.fail(f, "tcp", tried, got)
		case family(addresses[i]) == "IPv6":
			p.step(Note, "tcp", tried, got, "IPv4 works. Java prefers IPv4 unless java.net.preferIPv6Addresses is set.")
		default:
			p.step(Note, "tcp", tried, got, "Another address works; Java may try this one first and take longer.")
		}
		p.Steps[len(p.Steps)-1].Took = milliseconds(o.took)
	}
	if kept < 0 {
		return nil
	}
	return outcomes[kept].conn
}

// connectFault is why a connection failed.
func connectFault(err error) (f Verdict, got string) {
	switch {
	case err == nil:
		return Verdict{}, ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return known("net-connection-refused"), "connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return known("net-no-route"), "no route to the host"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return known("net-connect-timeout"), "no answer"
	}
	return cut(err, "net-connect-other", quote(err.Error()))
}

// tunnel asks the proxy for a tunnel to the endpoint, without credentials.
func (p *probe) tunnel(conn net.Conn) bool {
	tried := "CONNECT " + p.Address() + " at the proxy " + p.Via + ", without credentials"
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", p.Address())
	// A byte at a time: what follows the answer is the server's.
	reader := bufio.NewReaderSize(&slow{http.MaxBytesReader(nil, conn, maxAnswer)}, 16)
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		f, got := cut(err, "proxy-tunnel-rejected", "no HTTP answer")
		p.fail(f, "proxy", tried, got)
		return false
	}
	got := quote(answer.Proto + " " + answer.Status)
	switch code := answer.StatusCode; {
	case code/100 == 2 && isHTML(answer.Header) != "":
		p.fail(known("proxy-page"), "proxy", tried, got+isHTML(answer.Header))
	case code/100 == 2:
		p.step(Good, "proxy", tried, got, "")
		return true
	case code == http.StatusProxyAuthRequired:
		p.fail(p.proxyLogin(answer), "proxy", tried, got+schemes(answer))
	case code == http.StatusForbidden, code == http.StatusUnauthorized:
		p.fail(known("proxy-forbidden"), "proxy", tried, got)
	case code == http.StatusInternalServerError, code > 501 && code < 505: // 500: tinyproxy
		p.fail(known("proxy-upstream-failure"), "proxy", tried, got)
	default:
		p.fail(known("proxy-tunnel-rejected"), "proxy", tried, got+isHTML(answer.Header))
	}
	return false
}

// slow reads a byte at a time.
type slow struct{ io.Reader }

func (s *slow) Read(b []byte) (int, error) { return s.Reader.Read(b[:min(1, len(b))]) }

// schemes are what a proxy offers to log in with.
func schemes(answer *http.Response) string {
	var names []string
	for _, offer := range answer.Header.Values("Proxy-Authenticate") {
		name, _, _ := strings.Cut(strings.TrimSpace(offer), " ")
		names = append(names, quote(name))
	}
	if len(names) == 0 {
		return ", without an authentication scheme"
	}
	return ", offers " + text.Cut(strings.Join(names, ", "), maxQuoted)
}

// proxyLogin is the fault of a proxy that requires a login: whether Java may give it.
func (p *probe) proxyLogin(answer *http.Response) Verdict {
	f := known("proxy-auth-basic-tunnel-disabled")
	basic := slices.ContainsFunc(answer.Header.Values("Proxy-Authenticate"), func(offer string) bool {
		return strings.HasPrefix(strings.ToLower(offer), "basic")
	})
	switch {
	case basic && p.JVM.AllowsBasic():
		f.Text = "Java may log in with Basic if its user and password are set and right. Doctor sent none."
	case basic:
		f.Text = "Java does not log in with Basic for https unless jdk.http.auth.tunneling.disabledSchemes is empty."
	}
	return f
}

func isHTML(h http.Header) string {
	if strings.Contains(strings.ToLower(h.Get("Content-Type")), "html") {
		return ", with an HTML page"
	}
	return ""
}

// quote makes what a peer says short and printable.
func quote(s string) string { return text.Cut(text.Printable(s), maxQuoted) }
