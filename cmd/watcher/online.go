package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/text"
	"jira-oauth-watcher/notify"
)

// online tries to reach the hosts of the configuration as the service would: through its proxy and
// with its CAs. It ends with TLS, so no receiver gets a message, a request or credentials.
func (k *checker) online(ctx context.Context) {
	hosts := k.conf.Hosts()
	lines := make([][2]string, len(hosts))
	var wg sync.WaitGroup
	for i, h := range hosts {
		wg.Go(func() { lines[i][0], lines[i][1] = reach(ctx, h) })
	}
	wg.Wait()
	for i, l := range lines {
		k.failed = k.failed || l[0] == "problem"
		k.say(l[0], "%s, %s: %s", hosts[i].For, hosts[i].URL.Host, l[1])
	}
}

// reach is a line about a host.
func reach(ctx context.Context, h conf.Host) (what, line string) {
	client, err := notify.NewClient(conf.Notifier{CAFile: h.CAFile}, conf.Client{})
	if err != nil {
		return "problem", err.Error()
	}
	transport := client.Transport.(*http.Transport)
	d := &doctor.Doctor{JVM: &java.JVM{}, Verify: func(host string, chain []*x509.Certificate) string {
		return distrust(transport.TLSClientConfig.RootCAs, host, chain)
	}}
	e, through, web := endpoint(h.URL), "", strings.HasPrefix(h.URL.Scheme, "http")
	var proxy *url.URL
	if web {
		proxy, _ = transport.Proxy(&http.Request{URL: h.URL}) // notify.CheckProxies has checked it
	}
	if proxy != nil {
		to := endpoint(proxy)
		through = " through the proxy " + to.Address()
		if d.Proxy = to.Address(); proxy.Scheme != "http" || e.Kind != doctor.HTTPS {
			through = " (only its proxy " + to.Address() + " was tried)"
			e, e.Kind, d.Proxy = to, doctor.TCP, ""
		}
	}
	v := d.Probe(ctx, e).Verdict
	switch {
	case v.OK, v.ID == "starttls-missing" && h.Plain:
		return "ok", "can be reached" + through
	case v.ID == "client-certificate" && h.ClientCert:
		return "ok", "can be reached" + through + "; client_cert was not sent"
	case v.ID == "proxy-auth-basic-tunnel-disabled" && proxy.User != nil:
		return "warning", "not tried: the proxy " + d.Proxy + " requires the login of HTTPS_PROXY, which check does not send"
	}
	return "problem", "cannot be reached" + through + ": " + strings.ToLower(v.Title[:1]) + v.Title[1:] + ": " +
		remedy(v, web, proxy != nil)
}

// endpoint is what is connected to for an address.
func endpoint(u *url.URL) doctor.Endpoint {
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme], "80")
	e, err := doctor.Parse(net.JoinHostPort(u.Hostname(), port))
	if err != nil { // not a name of the Internet's, such as of a container
		e.Host = u.Hostname()
		e.Port, _ = strconv.Atoi(port)
	}
	if e.Kind = doctor.Kind(u.Scheme); e.Kind == "http" {
		e.Kind = doctor.TCP
	}
	return e
}

// distrust is what to do about a certificate that is not trusted, and why it is not; "" = it is.
func distrust(roots *x509.CertPool, host string, chain []*x509.Certificate) string {
	others := x509.NewCertPool()
	for _, c := range chain[1:] {
		others.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: others})
	if err == nil {
		return ""
	}
	do, why := "correct the address or this machine's clock, or have it replaced: ", err.Error()
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		do, why = "add its CA to the CAs of this machine, or to a notifier's ca_file: ", chain[len(chain)-1].Issuer.String()
	}
	return do + text.Cut(text.Printable(why), 200)
}

// remedies are what to do about a fault, by how its ID begins.
var remedies = []struct{ begin, do string }{
	{"dns-", "correct the name servers in /etc/resolv.conf, or have the firewall allow port 53"},
	{"client-", "write client_cert and client_key, where the receiver has them"},
	{"starttls-", "correct the port, or write smtps://"},
	{"tls-", "correct the address and port, or have this host exempted from TLS inspection"},
	{"proxy-auth-", "write a user and password into HTTPS_PROXY, or have this machine exempted"},
}

// remedy is what to do about a host that cannot be reached.
func remedy(v doctor.Verdict, web, proxied bool) string {
	for _, r := range remedies {
		if strings.HasPrefix(v.ID, r.begin) {
			return r.do
		}
	}
	switch {
	case v.ID == "certificate":
		return v.Text
	case proxied:
		return "correct HTTPS_PROXY, or have the proxy allow this host"
	case web:
		return "correct the address, have the firewall allow it, or set HTTPS_PROXY if this machine needs a proxy"
	}
	return "correct the address, or have the firewall allow it"
}
