//go:build linux

package doctor_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"time"

	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
)

// A probe ends as soon as its context does, whatever it waits for.
func TestCanceled(t *testing.T) {
	for _, where := range []string{"proxy", "starttls", "tls"} {
		t.Run(where, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if c, err := l.Accept(); err == nil {
					defer c.Close()
					if where != "starttls" { // there the server speaks first
						c.Read(make([]byte, 1))
					}
					cancel()
					io.Copy(io.Discard, c)
				}
			}()
			d := &doctor.Doctor{JVM: &java.JVM{}, Timeout: 24 * time.Hour}
			e := at(l.Addr().(*net.TCPAddr).Port, doctor.HTTPS, doctor.Other)
			switch where {
			case "proxy":
				d.Proxy = l.Addr().String()
			case "starttls":
				e.Kind = doctor.SMTP
			}
			if r := d.Probe(ctx, e); r.Verdict.OK { // else it never returns
				t.Errorf("the verdict is %+v", r.Verdict)
			}
		})
	}
}

// With another judge of certificates, Java's trust store is not asked, and nothing is sent after the
// handshake.
func TestOtherTrust(t *testing.T) {
	l := &laboratory{T: t}
	l.other = l.ca("Private Root CA", nil)
	said := make(chan []byte, 1)
	port := l.secure(with(pair(l.leaf(l.other, nil))), func(c net.Conn) {
		b, _ := io.ReadAll(c)
		said <- b
	})
	for _, wrong := range []string{"", "it is for nobody"} {
		d := &doctor.Doctor{JVM: &java.JVM{}, Verify: func(host string, chain []*x509.Certificate) string {
			if len(chain) == 0 || host == "" {
				t.Error("the judge got no certificate or host")
			}
			return wrong
		}}
		e := at(port, doctor.HTTPS, doctor.Token)
		e.Host = "127.0.0.1"
		v := d.Probe(t.Context(), e).Verdict
		if v.OK != (wrong == "") || wrong != "" && v.Text != wrong {
			t.Errorf("judged %q: the verdict is %+v", wrong, v)
		}
		if b := <-said; len(b) > 0 {
			t.Errorf("after the handshake came %q", b)
		}
	}
	e := at(port, doctor.HTTPS, doctor.Other)
	e.Host, e.Kind = "127.0.0.1", doctor.TCP
	if r := (&doctor.Doctor{JVM: &java.JVM{}}).Probe(t.Context(), e); !r.Verdict.OK || len(r.Steps) != 1 {
		t.Errorf("TCP alone: %+v", r)
	}
}
