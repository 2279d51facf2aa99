// Package doctor probes from this machine what Jira's OAuth 2.0 mail flow needs.
package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/java"
)

const (
	probeTimeout = 10 * time.Second // of one endpoint
	atOnce       = 8                // endpoints that are probed at the same time
)

// A Doctor probes endpoints. It sends no credentials, follows no redirect and trusts nothing that it
// probes. It connects only to the endpoints that it is given, and to the proxy.
type Doctor struct {
	JVM   *java.JVM // of Jira, as far as it could be seen; never nil
	Proxy string    // host:port of the HTTP proxy, "" = as in JVM's options

	Arguments string // of the command doctor that name the configuration, such as " --config FILE"

	// Resolver and Dial are those of the system unless they are set.
	Resolver *net.Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	// Verify says what is wrong with a chain, "" = nothing. It replaces Java's trust store, and the
	// probe then ends with TLS; nil = as Java would.
	Verify func(host string, chain []*x509.Certificate) string
	// Timeout is that of one endpoint, a connection attempt gets a third of it; 0 = 10 s.
	Timeout time.Duration
}

// A Result is what was found at one endpoint.
type Result struct {
	Endpoint
	Via     string       `json:"proxy,omitempty"` // host:port, "" = direct
	At      time.Time    `json:"at"`
	Steps   []Step       `json:"steps"`
	Missing *Certificate `json:"missing,omitempty"` // to be imported into the trust store
	Verdict Verdict      `json:"verdict"`

	arguments string // of the command doctor
}

// A State is how a step went.
type State string

// The states of a step.
const (
	Good  State = "ok"
	Note  State = "note"  // it went well, but should be known
	Fault State = "fault" // the flow cannot work
)

// A Step is one thing that was tried.
type Step struct {
	Name  string  `json:"name"`  // dns, tcp, proxy, starttls, tls, trust, http, clock or java
	State State   `json:"state"` //
	Tried string  `json:"tried"`
	Got   string  `json:"got"`
	Means string  `json:"means,omitempty"`
	Took  float64 `json:"took_ms"`
}

// A Verdict is what follows from the steps.
type Verdict struct {
	ID      string `json:"id"`
	OK      bool   `json:"ok"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	Who     string `json:"who"`     // has to act, as in the steps of an alert; "" = nobody
	Command string `json:"command"` // that fixes it, on one line; "" = there is none
	Cause   string `json:"cause"`   // the cause in the catalogue that Jira's log shows for this; "" = none

	Container string `json:"command_in_container,omitempty"`
}

// A Certificate is one that Java's trust store lacks.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	SHA256    string    `json:"sha256"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	File      string    `json:"file"` // where --save writes it

	X509 *x509.Certificate `json:"-"`
}

// All probes endpoints, several at a time. The results are in their order.
func (d *Doctor) All(ctx context.Context, endpoints []Endpoint) []Result {
	results := make([]Result, len(endpoints))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			slots <- struct{}{}
			results[i] = d.Probe(ctx, e)
			<-slots
		})
	}
	wg.Wait()
	return results
}

// Probe probes one endpoint. It never fails, and ends with ctx or the timeout.
func (d *Doctor) Probe(ctx context.Context, e Endpoint) Result {
	ctx, cancel := context.WithTimeout(ctx, d.timeout())
	defer cancel()
	now := clock.Now()
	p := &probe{Doctor: d, Result: Result{Endpoint: e, At: now, arguments: d.Arguments}, began: now}
	if e.Kind == HTTPS {
		p.Via = d.proxyFor(e.Host)
	}
	if conn := p.connect(ctx); conn != nil {
		p.speak(ctx, conn)
		conn.Close()
	}
	p.flags()
	p.judge()
	return p.Result
}

func (d *Doctor) timeout() time.Duration { return cmp.Or(d.Timeout, probeTimeout) }

// proxyFor is the proxy that Java uses for https to a host, "" = none.
func (d *Doctor) proxyFor(host string) string {
	if d.Proxy != "" {
		return d.Proxy
	}
	proxy := d.JVM.Property("https.proxyHost")
	if proxy == "" || d.JVM.Direct(host) {
		return ""
	}
	return net.JoinHostPort(proxy, cmp.Or(d.JVM.Property("https.proxyPort"), "443"))
}

// probe is one endpoint while it is probed.
type probe struct {
	*Doctor
	Result
	chain []*x509.Certificate
	began time.Time // the present step
}

// step adds a step, which began when the one before it ended.
func (p *probe) step(state State, name, tried, got, means string) {
	p.Steps = append(p.Steps, Step{name, state, tried, got, means, milliseconds(clock.Since(p.began))})
	p.began = clock.Now()
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// fail adds a step that ends the probe. The first fault is the verdict.
func (p *probe) fail(f Verdict, name, tried, got string) {
	if p.Verdict.ID == "" {
		p.Verdict = f
	}
	p.step(Fault, name, tried, got, f.Text)
}

// address is the host and port that is connected to: the proxy's, if there is one.
func (p *probe) address() (host string, port int) {
	if p.Via == "" {
		return p.Host, p.Port
	}
	host, text, _ := net.SplitHostPort(p.Via)
	port, _ = strconv.Atoi(text)
	return host, port
}

// flags judges the JVM's options where the probe went wrong, and those that are wrong always.
func (p *probe) flags() {
	for _, f := range p.JVM.Flags() {
		switch {
		case f.Bad && p.Kind == HTTPS:
			p.step(Note, "java", "option of the running Jira", f.Option, f.Means)
		case p.Verdict.ID != "" && p.Kind == HTTPS:
			p.step(Good, "java", "option of the running Jira", f.Option, f.Means)
		}
	}
}

func family(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "IPv4"
	}
	return "IPv6"
}
