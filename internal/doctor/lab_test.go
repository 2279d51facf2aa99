//go:build linux

package doctor_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
)

// A laboratory is a network on loopback: a name server, proxies, and servers with every fault.
type laboratory struct {
	*testing.T
	root, inspector, other *authority // root is in the trust store
	store                  string     // made by the real keytool
	seen                   testkit.Buffer
}

// authority is a CA.
type authority struct {
	*x509.Certificate
	key crypto.Signer
}

// template is a certificate of the laboratory, valid now.
func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
}

func (l *laboratory) sign(c *x509.Certificate, by *authority, key crypto.Signer) *authority {
	l.Helper()
	if key == nil {
		key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	parent, with := c, key
	if by != nil {
		parent, with = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), with)
	if err != nil {
		l.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		l.Fatal(err)
	}
	return &authority{made, key}
}

func (l *laboratory) ca(name string, by *authority) *authority {
	c := template(name)
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	return l.sign(c, by, nil)
}

// leaf is a server's certificate for localhost and the names of mail.example.
func (l *laboratory) leaf(by *authority, change func(*x509.Certificate)) *authority {
	c := template("localhost")
	c.DNSNames, c.IPAddresses = []string{"localhost", "mail.example", "two.mail.example"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	if change != nil {
		change(c)
	}
	return l.sign(c, by, nil)
}

// pair is what a server presents.
func pair(chain ...*authority) tls.Certificate {
	c := tls.Certificate{PrivateKey: chain[0].key}
	for _, a := range chain {
		c.Certificate = append(c.Certificate, a.Raw)
	}
	return c
}

func newLaboratory(t *testing.T) *laboratory {
	l := &laboratory{T: t, store: filepath.Join(t.TempDir(), "cacerts")}
	l.root, l.other = l.ca("Laboratory Root CA", nil), l.ca("Private Root CA", nil)
	l.inspector = l.ca("Zscaler Root CA", nil)
	file := filepath.Join(t.TempDir(), "root.pem")
	testkit.Write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.root.Raw})))
	out, err := exec.Command(testkit.Program(t, "keytool"), "-importcert", "-noprompt", "-alias", "root", "-file", file,
		"-keystore", l.store, "-storepass", "changeit").CombinedOutput()
	if err != nil {
		t.Fatalf("keytool: %v\n%s", err, out)
	}
	return l
}

// listen serves each connection with f and returns the port.
func (l *laboratory) listen(f func(net.Conn)) int {
	l.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(recorded{c, &l.seen})
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// recorded keeps what a client sends.
type recorded struct {
	net.Conn
	seen *testkit.Buffer
}

func (r recorded) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.seen.Write(b[:n])
	return n, err
}

// secure serves TLS, then f.
func (l *laboratory) secure(c *tls.Config, f func(net.Conn)) int {
	return l.listen(func(conn net.Conn) {
		s := tls.Server(conn, c)
		if s.Handshake() == nil {
			f(recorded{s, &l.seen})
		}
	})
}

func with(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }

// says reads a request, if there is one to wait for, and answers it.
func says(answer string) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 4096))
		io.WriteString(c, answer)
	}
}

func greets(lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		for i, line := range lines {
			if i > 0 {
				c.Read(make([]byte, 4096))
			}
			io.WriteString(c, line)
		}
		io.Copy(io.Discard, c)
	}
}

const json400 = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

func page(status, more string) string {
	return "HTTP/1.1 " + status + "\r\nContent-Type: text/html\r\n" + more + "Content-Length: 6\r\n\r\n<html>"
}

func reset(c net.Conn) {
	c.Read(make([]byte, 1))
	c.(recorded).Conn.(*net.TCPConn).SetLinger(0)
}

func silent(c net.Conn) { io.Copy(io.Discard, c) }

// nameServer answers queries: the names of hosts with these addresses, others not at all ("silent"),
// with an error ("broken") or with NXDOMAIN.
func (l *laboratory) nameServer(hosts map[string][]string) *net.Resolver {
	l.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { server.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			if answer(&m, hosts) {
				reply, _ := m.Pack()
				server.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func answer(m *dnsmessage.Message, hosts map[string][]string) bool {
	q := m.Questions[0]
	name := strings.TrimSuffix(q.Name.String(), ".")
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	addresses, known := hosts[name]
	switch {
	case strings.HasPrefix(name, "silent"):
		return false
	case strings.HasPrefix(name, "broken"):
		m.RCode = dnsmessage.RCodeServerFailure
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addresses {
		addr := netip.MustParseAddr(a)
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
		switch {
		case addr.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
		case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return true
}

// dropping is a port whose connections are not answered: its queue of connections is full.
func (l *laboratory) dropping() int {
	l.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = syscall.Listen(fd, 0)
	}
	if err != nil {
		l.Fatal(err)
	}
	at, _ := syscall.Getsockname(fd)
	port := at.(*syscall.SockaddrInet4).Port
	var held []net.Conn
	l.Cleanup(func() {
		syscall.Close(fd)
		for _, c := range held {
			c.Close()
		}
	})
	for range 4 { // more than the queue holds
		if c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 50*time.Millisecond); err == nil {
			held = append(held, c)
		}
	}
	return port
}

// nowhere connects from a network namespace without any route.
func nowhere(ctx context.Context, network, address string) (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() { // its thread ends with it
		defer close(done)
		runtime.LockOSThread()
		if err = syscall.Unshare(syscall.CLONE_NEWNET); err == nil {
			conn, err = new(net.Dialer).DialContext(ctx, network, address)
		}
	}()
	<-done
	return conn, err
}

// start runs a proxy until the test ends, and waits for its port.
func (l *laboratory) start(port int, name string, args ...string) {
	l.Helper()
	cmd := exec.CommandContext(l.Context(), name, args...)                   // all end at the same time
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // squid removes its shared memory
	cmd.WaitDelay = 5 * time.Second
	var out testkit.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { cmd.Wait() })
	testkit.Until(l, func() error {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out.String())
		}
		return c.Close()
	})
}

func (l *laboratory) port() int {
	_, port, _ := net.SplitHostPort(testkit.FreeAddress(l))
	n := 0
	fmt.Sscan(port, &n)
	return n
}

// tinyproxy is the real one; denied is a host that it blocks.
func (l *laboratory) tinyproxy(login bool, denied string) string {
	l.Helper()
	port, dir := l.port(), l.TempDir()
	filter := testkit.Write(l, filepath.Join(dir, "filter"), denied+"\n")
	config := fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 10\nFilter %q\nMaxClients 20\nAllow 127.0.0.1\n", port, filter)
	if login {
		config += "BasicAuth user password\n"
	}
	l.start(port, testkit.Program(l, "tinyproxy"), "-d", "-c", testkit.Write(l, filepath.Join(dir, "conf"), config))
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// squid is the real one.
func (l *laboratory) squid(rules string) string {
	l.Helper()
	port, dir := l.port(), l.TempDir()
	os.Chmod(dir, 0o777)
	config := fmt.Sprintf("http_port 127.0.0.1:%d\npid_filename none\ncache_log %s/log\naccess_log none\ncache deny all\n"+
		"shutdown_lifetime 0 seconds\nmax_filedescriptors 1024\npinger_enable off\ncoredump_dir %[2]s\nhosts_file /etc/hosts\n%s", port, dir, rules)
	l.start(port, testkit.Program(l, "squid"), "-N", "-n", fmt.Sprint("lab", port), "-f", testkit.Write(l, filepath.Join(dir, "conf"), config))
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// jvm is a running Jira's Java with these options.
func (l *laboratory) jvm(options ...string) *java.JVM {
	j := java.Find(java.Where{TrustStore: l.store, Root: filepath.Dir(l.store)})
	j.Options = options
	return j
}
