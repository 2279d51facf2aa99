package doctor

import (
	"path/filepath"
	"strconv"
	"strings"

	"jira-oauth-watcher/internal/java"
)

// A fault is one thing that can be wrong with the way to an endpoint.
type fault struct {
	id    string
	title string
	means string // what it means, in one or two sentences
	who   string // has to act: "" = the Jira server admin
	cause string // in the catalogue, "" = id
}

// The faults, by the step that finds them.
var (
	unresolved = fault{"net-dns-unknown-host", "The host name cannot be resolved",
		"This machine's DNS does not know the name. Jira needs a proxy, or the name is misspelled.", "", ""}
	dnsSilent = fault{"dns-no-answer", "The name server does not answer",
		"No name server in /etc/resolv.conf answered: check it, and the firewall for port 53.",
		"network-admin", "net-dns-unknown-host"}
	dnsBroken = fault{"dns-failure", "The name server reports an error",
		"The name server cannot look up names outside, or refuses this machine.",
		"network-admin", "net-dns-unknown-host"}
	proxyUnresolved = fault{"proxy-host-unresolvable", "The proxy's host name cannot be resolved",
		"Correct https.proxyHost of Jira's Java: the host name alone, without http://.", "", ""}
	refused = fault{"net-connection-refused", "The connection is refused",
		"Nothing listens there, or a firewall rejects the connection.", "network-admin", ""}
	dropped = fault{"net-connect-timeout", "The connection is not answered",
		"A firewall drops the packets, or Jira needs a proxy.", "network-admin", ""}
	noRoute = fault{"net-no-route", "There is no route to the host",
		"This machine's network settings or a firewall prevent the connection.", "", ""}
	notConnected = fault{"net-connect-other", "The connection fails", "", "", ""}
	reset        = fault{"net-connection-reset", "The connection is reset",
		"A firewall or proxy cuts the connection.", "network-admin", ""}
	noAnswer = fault{"net-read-timeout", "The connection gets no answer",
		"The connection was made, but nothing came in time. Often a TLS inspection device delays it.",
		"network-admin", ""}
	unexpectedEnd = fault{"net-unexpected-eof", "The connection is closed without an answer",
		"The proxy or a device in between closed it.", "network-admin", ""}
	proxyLogin = fault{"proxy-auth-basic-tunnel-disabled", "The proxy requires authentication (407)",
		"The proxy offers no scheme that Java uses without more settings. Ask for an exception for this machine.",
		"network-admin", ""}
	proxyForbids = fault{"proxy-forbidden", "The proxy blocks the host (403)",
		"The proxy's rules must allow this host for this machine.", "network-admin", ""}
	proxyUpstream = fault{"proxy-upstream-failure", "The proxy cannot reach the host",
		"The proxy itself has no way to the host.", "network-admin", ""}
	notProxy = fault{"proxy-tunnel-rejected", "The proxy does not open a tunnel",
		"What answers at this address and port is not an HTTP proxy, or it does not allow CONNECT.", "", ""}
	noStartTLS = fault{"starttls-missing", "The mail server does not offer STARTTLS",
		"A device in between removes it, or this is not a mail server.", "network-admin", ""}
	plainText = fault{"tls-plaintext-answer", "A server without TLS answers",
		"Something answers that does not speak TLS on this port: a proxy, a portal or a wrong port.",
		"network-admin", ""}
	handshakeClosed = fault{"tls-handshake-closed", "The connection is closed during the TLS handshake",
		"A firewall that inspects TLS blocks the host, or the server refuses this machine.", "network-admin", ""}
	oldTLS = fault{"tls-protocol-version", "The server offers only TLS versions that Java refuses",
		"Java requires TLS 1.2 or newer. The providers offer it: a device in between does not.", "network-admin", ""}
	unknownName = fault{"tls-unrecognized-name", "The server does not know the host name",
		"The server or a device in between has no certificate for this name.", "network-admin", ""}
	noCipher = fault{"tls-handshake-failure", "There is no cipher in common",
		"The server or a device in between ended the handshake.", "network-admin", ""}
	otherAlert = fault{"tls-fatal-alert-other", "The server ends the TLS handshake",
		"The server or a device in between sent a TLS alert.", "network-admin", ""}
	tlsOther = fault{"tls-failure", "The TLS handshake fails", "", "network-admin", "tls-path-validation-other"}

	clientCertificate = fault{"client-certificate", "A client certificate is required",
		"The providers require none: a device in between does. Ask for an exception for this machine.",
		"network-admin", "tls-fatal-alert-other"}
	trustUnknown = fault{"trust-not-checked", "The certificate could not be compared with Java's trust store",
		"The host is reachable, but whether Java trusts it is not known.", "", "-"}
	storeUnreadable = fault{"tls-truststore-unreadable", "The trust store cannot be read",
		"Java cannot read it either: the file is damaged, or its password is not the one in javax.net.ssl.trustStorePassword.",
		"", ""}
	storeEmpty    = fault{"tls-truststore-empty", "The trust store is empty", "Java trusts nobody with it.", "", ""}
	captivePortal = fault{"token-response-not-json", "A web page answers instead of the token endpoint",
		"A proxy or portal sends its own page, or a redirect to it.", "network-admin", ""}
	serverError = fault{"http-error", "The server reports an error",
		"The host itself or a device in between cannot serve requests now.", "network-admin", "-"}
	notHTTP = fault{"not-http", "No HTTP answer",
		"Something answers that is not a web server.", "network-admin", "net-unexpected-eof"}
	notMail = fault{"not-mail", "No mail server answers",
		"Something answers that is not the mail server, or it refuses this machine.", "network-admin", "-"}
	wrongClock = fault{"clock-wrong", "This machine's clock is wrong",
		"Certificates and tokens are judged by the clock. Set it by NTP.", "", "-"}
)

// certificateFaults are the faults of a chain. Their meaning names the certificate.
var certificateFaults = map[java.FaultKind]fault{
	java.NoCertificate: {"no-certificate", "The server presents no certificate",
		"", "network-admin", "tls-handshake-failure"},
	java.UnknownCA: {"unknown-ca", "Java's trust store lacks the CA of the certificate",
		"", "", "tls-certificate-untrusted"},
	java.SelfSigned: {"self-signed", "The certificate is self-signed", "", "", "tls-certificate-untrusted"},
	java.MissingIntermediate: {"missing-intermediate", "The server does not present an intermediate certificate",
		"", "network-admin", "tls-certificate-untrusted"},
	java.Expired:     {"expired", "A certificate has expired", "", "network-admin", "tls-certificate-expired"},
	java.NotYetValid: {"not-yet-valid", "A certificate is not valid yet", "", "", "tls-certificate-expired"},
	java.WrongName: {"wrong-name", "The certificate is for another name",
		"", "network-admin", "tls-hostname-mismatch"},
	java.Weak: {"weak", "The certificate uses a key or signature that Java forbids",
		"", "network-admin", "tls-certificate-algorithm"},
	java.Distrusted: {"distrusted", "Java no longer trusts the CA of the certificate",
		"", "network-admin", "tls-root-distrusted"},
	java.RootNotCA: {"root-not-ca", "The imported certificate is not a CA certificate",
		"", "", "tls-anchor-not-ca"},
	java.IssuerNotCA: {"issuer-not-ca", "A certificate in the chain may not issue others",
		"", "network-admin", "tls-path-validation-other"},
	java.WrongUse: {"wrong-use", "The certificate is not for servers",
		"", "network-admin", "tls-path-validation-other"},
}

const (
	reachable = "reachable"
	restart   = "Then restart Jira, on a cluster one node after the other: Java reads the trust store when it starts."
)

// judge draws the verdict from the first fault.
func (p *probe) judge() {
	f := p.fault
	if f.id == "" {
		p.Verdict = Verdict{ID: reachable, OK: true, Title: "Reachable", Text: "Everything that Jira needs from it works."}
		return
	}
	v := Verdict{ID: f.id, Title: f.title, Text: f.means, Who: f.who, Cause: f.cause}
	if v.Who == "" {
		v.Who = "jira-host"
	}
	switch f.cause {
	case "":
		v.Cause = f.id
	case "-":
		v.Cause = ""
	}
	switch f.id {
	case proxyLogin.id:
		if !p.JVM.AllowsBasic() && strings.Contains(f.means, "disabledSchemes") {
			v.Who, v.Command = "jira-host", `JVM_SUPPORT_RECOMMENDED_ARGS="-Djdk.http.auth.tunneling.disabledSchemes= …"`
		}
	case wrongClock.id:
		v.Command = "timedatectl set-ntp true"
	case unresolved.id, dnsSilent.id, dnsBroken.id:
		v.Command = "getent hosts " + p.Host
	case trustUnknown.id:
		v.Text = strings.Join(append([]string{v.Text}, p.JVM.Hidden...), " ")
	}
	p.Verdict = v
	p.ImportFrom("", p.JVM)
}

// ImportFrom sets the command that imports the missing certificate from its file in a directory; "" is
// the present one, where the command itself saves it.
func (r *Result) ImportFrom(dir string, jvm *java.JVM) {
	if r.Missing == nil {
		return
	}
	v := &r.Verdict
	alias := "jira-oauth-" + strings.ToLower(strings.ReplaceAll(r.Missing.SHA256[:11], ":", ""))
	save := ""
	if r.Missing.File = filepath.Join(dir, alias+".pem"); dir == "" {
		save = "jira-oauth-watcher doctor --save . " + r.argument() + "; "
	}
	v.Command = save + jvm.Import(alias, r.Missing.File)
	v.Container = jvm.ImportInContainer(alias, r.Missing.File)
	if strings.Contains(v.Command, java.PasswordPlaceholder) {
		v.Text += " In the command, replace " + java.PasswordPlaceholder + " with the trust store's password."
	}
	v.Text += " Import it only if the network team confirms its SHA-256. " + restart
}

// argument is the endpoint as the command line names it.
func (e Endpoint) argument() string {
	if e.Kind == HTTPS && e.path == ForHost(e.Host).path && e.Port == 443 {
		return e.Host
	}
	if kinds[e.Port] == e.Kind || e.Kind == HTTPS {
		return e.Address()
	}
	return string(e.Kind) + "://" + e.Address()
}

// Overall is the verdict of all endpoints: the first that is not OK.
func Overall(results []Result) Verdict {
	failed := 0
	overall := Verdict{ID: reachable, OK: true, Title: "Everything that Jira's mail flow needs is reachable"}
	for _, r := range results {
		if r.Verdict.OK {
			continue
		}
		if failed++; failed == 1 {
			overall = r.Verdict
			overall.Title += ": " + r.Address()
		}
	}
	if failed > 1 {
		overall.Title += " (and " + strconv.Itoa(failed-1) + " more of " + strconv.Itoa(len(results)) + " endpoints)"
	}
	return overall
}
