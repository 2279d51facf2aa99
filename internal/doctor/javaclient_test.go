//go:build linux

package doctor_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// A javaClient is a running testdata/Client.java.
type javaClient struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Scanner
	home    string // java.home
	version string

	withBasic *javaClient // started with the option that the verdict on Basic names
}

// startJava starts the client. It resolves the token host and localhost only.
func startJava(t *testing.T, options ...string) *javaClient {
	t.Helper()
	hosts := testkit.Write(t, filepath.Join(t.TempDir(), "hosts"), "127.0.0.1 localhost "+tokenHost+"\n")
	args := append(options, "-Djdk.net.hosts.file="+hosts, "-XX:TieredStopAtLevel=1", "testdata/Client.java")
	cmd := exec.Command(testkit.Program(t, "java"), args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &javaClient{t: t, in: in, out: bufio.NewScanner(out)}
}

// ask sends a request and returns the answer.
func (j *javaClient) ask(fields ...string) string {
	j.t.Helper()
	if j.home == "" {
		j.home, j.version, _ = strings.Cut(strings.TrimSuffix(j.answer(), "\n"), "\n")
	}
	fmt.Fprintln(j.in, strings.Join(fields, "\t"))
	return j.answer()
}

func (j *javaClient) answer() string {
	j.t.Helper()
	var b strings.Builder
	for j.out.Scan() {
		if j.out.Text() == "." {
			return b.String()
		}
		fmt.Fprintln(&b, j.out.Text())
	}
	j.t.Fatalf("the Java client ended: %v\n%s", j.out.Err(), b.String())
	return ""
}

// A meeting is one situation, met by Java and by doctor.
type meeting struct {
	name  string
	serve *tls.Config          // the server, listening on loopback
	raw   func(c net.Conn)     // instead: a server without TLS
	host  string               // instead of the token host
	dead  bool                 // nothing listens
	trust []*x509.Certificate  // in the trust store
	store string               // its type: "" = JKS
	tool  string               // keytool makes the store, with these options
	props func(i int) []string // of Java; i is the port of the server
	login bool                 // Java has a login for the proxy
	basic bool                 // with the verdict's option, it connects
}

// jvm is Java as doctor finds it: by the command line of a running Jira.
func jvm(t *testing.T, home string, props []string) *java.JVM {
	t.Helper()
	root := t.TempDir()
	args := []string{filepath.Join(home, "bin", "java"), "-Djira.home=/var/jira", "-Djava.home=" + home}
	for _, p := range props {
		args = append(args, "-D"+p)
	}
	args = append(args, "org.apache.catalina.startup.Bootstrap", "start")
	testkit.Write(t, filepath.Join(root, "proc", "4242", "cmdline"), strings.Join(args, "\x00")+"\x00")
	return java.Find(java.Where{Root: root})
}

// nameServer is a resolver that knows the token host only.
func nameServer(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for b := make([]byte, 512); ; {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m = dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true}, Questions: m.Questions}
			switch {
			case q.Name.String() != tokenHost+".":
				m.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA:
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			}
			answer, _ := m.Pack()
			server.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// listen serves a meeting and returns the port.
func (m *meeting) listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	switch {
	case m.dead:
		l.Close()
	case m.serve != nil:
		s := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: quiet}
		t.Cleanup(func() { s.Close() })
		go s.Serve(tls.NewListener(lingering{l}, m.serve))
	default:
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go m.raw(c)
			}
		}()
	}
	return port
}

// lingering closes a connection only after the client has: an alert is not lost in a reset.
type lingering struct{ net.Listener }

func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return lingeringConn{c.(*net.TCPConn)}, nil
}

type lingeringConn struct{ *net.TCPConn }

func (c lingeringConn) Close() error {
	c.CloseWrite()
	go func() {
		io.Copy(io.Discard, c.TCPConn)
		c.TCPConn.Close()
	}()
	return nil
}

// meet lets Java and doctor meet a situation. The row of the table is what they say.
func (m *meeting) meet(t *testing.T, client *javaClient, resolver *net.Resolver, catalogue *matchers.Set) (row string) {
	dir := filepath.Join(t.TempDir(), "it's here") // the command must quote it
	store := filepath.Join(dir, "cacerts")
	m.makeStore(t, client, dir, store)
	port := m.listen(t)
	host := m.host
	if host == "" {
		host = tokenHost
	}
	url := fmt.Sprintf("https://%s:%d/", host, port)
	props := []string{"javax.net.ssl.trustStore=" + store, "javax.net.ssl.trustStorePassword=changeit"}
	if strings.Contains(m.tool, "NONE") {
		props = props[:1]
	}
	if m.props != nil {
		props = append(props, m.props(port)...)
		if strings.Contains(strings.Join(props, " "), "https.proxy") {
			url = "https://" + host + "/"
		}
	}
	user := ""
	if m.login {
		user = "jira"
	}
	get := append([]string{"get", url, user, "secret"}, props...)
	said := client.ask(get...)

	e, err := doctor.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	d := &doctor.Doctor{JVM: jvm(t, client.home, props), Resolver: resolver}
	r := d.Probe(t.Context(), e)
	if javaOK := said == "OK\n"; javaOK != r.Verdict.OK {
		t.Fatalf("doctor's verdict is %+v\n%+v\nbut Java says %s", r.Verdict, r.Steps, brief(said))
	} else if javaOK {
		return "OK | – | "
	}
	event := testkit.Failure(testkit.Begin, testkit.FlowID(1), strings.TrimSuffix(said, "\n"))
	if got := catalogue.Diagnose(strings.TrimSuffix(event, "\n"), time.UTC).Failure.Cause.ID; got != r.Verdict.Cause {
		t.Errorf("doctor's verdict is %s with cause %s, but the catalogue says %s of what Java says:\n%s", r.Verdict.ID,
			r.Verdict.Cause, got, brief(said))
	}
	after := ""
	if m.basic {
		if option := `-Djdk.http.auth.tunneling.disabledSchemes= `; !strings.Contains(r.Verdict.Command, option) {
			t.Errorf("the command %s lacks the option %s", r.Verdict.Command, option)
		}
		if got := client.withBasic.ask(get...); got != "OK\n" {
			t.Errorf("with the option, Java says %s", brief(got))
		}
		after = "connects"
	}
	if r.Missing != nil {
		pemFile(t, dir, "missing.pem", r.Missing.X509)
		r.ImportFrom(dir, d.JVM)
		if err := os.Rename(filepath.Join(dir, "missing.pem"), r.Missing.File); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("sh", "-c", r.Verdict.Command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", r.Verdict.Command, err, out)
		}
		if got := client.ask(get...); got != "OK\n" {
			t.Fatalf("after %s, Java says %s", r.Verdict.Command, got)
		}
		again := &doctor.Doctor{JVM: jvm(t, client.home, props), Resolver: resolver}
		if r := again.Probe(t.Context(), e); !r.Verdict.OK {
			t.Errorf("after %s, doctor says %+v", d.JVM.Store, r.Verdict)
		}
		after = "connects"
	}
	return shorten(said, port) + " | `" + r.Verdict.Cause + "` | " + after
}

// makeStore writes a trust store of a meeting: keytool or the client does.
func (m *meeting) makeStore(t *testing.T, client *javaClient, dir, store string) {
	t.Helper()
	request := []string{"store", store, cmp.Or(m.store, "JKS"), "changeit"}
	for i, c := range m.trust {
		request = append(request, pemFile(t, dir, fmt.Sprint("trusted", i, ".pem"), c))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if m.tool == "" {
		if got := client.ask(request...); got != "OK\n" {
			t.Fatal(got)
		}
		return
	}
	args := append(strings.Fields(m.tool), "-importcert", "-noprompt", "-alias", "first", "-storepass", "changeit",
		"-file", request[len(request)-1], "-keystore", store)
	if out, err := exec.Command("keytool", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// brief is an exception without its traces.
func brief(said string) string { return regexp.MustCompile(`(?m)^\t.*\n`).ReplaceAllString(said, "") }

var (
	packages = regexp.MustCompile(`\b(?:[a-z]+[0-9]*\.)+([A-Z]\w+)`)
	places   = regexp.MustCompile(`/\S+/cacerts`)
)

// shorten is the first line of an exception, without what differs from run to run.
func shorten(said string, port int) string {
	line, _, _ := strings.Cut(said, "\n")
	line = packages.ReplaceAllString(line, "$1")
	line = places.ReplaceAllString(strings.ReplaceAll(line, fmt.Sprint(port), "PORT"), "cacerts")
	if len(line) > 150 {
		line = line[:150] + "…"
	}
	return "`" + strings.ReplaceAll(line, "|", `\|`) + "`"
}
