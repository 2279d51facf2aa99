package java

import (
	"path"
	"strings"
)

// A Flag is an option of the running Jira that matters for a connection.
type Flag struct {
	Option string // as on the command line, passwords replaced
	Means  string // one sentence
	Bad    bool
}

const (
	tunneling  = "jdk.http.auth.tunneling.disabledSchemes"
	proxyHost  = "https.proxyHost"
	nonProxies = "http.nonProxyHosts"
)

// Flags judges the options of the running Jira for a connection to host. None are known if Options is nil.
func (j *JVM) Flags(host string) []Flag {
	var flags []Flag
	for _, o := range j.Options {
		name, v, _ := strings.Cut(strings.TrimPrefix(o, "-D"), "=")
		if v != j.Property(name) {
			continue // a later one wins
		}
		if means, bad := j.judge(name, v, host); means != "" {
			flags = append(flags, Flag{o, means, bad})
		}
	}
	return flags
}

func (j *JVM) judge(name, v, host string) (means string, bad bool) {
	switch name {
	case proxyHost, "http.proxyHost":
		switch {
		case strings.Contains(v, "/"):
			return "Java takes a host name here, without http:// or a path: it cannot resolve this.", true
		case strings.Count(v, ":") == 1:
			return "Java takes the host name alone here: the port belongs in " + strings.TrimSuffix(name, "Host") + "Port.", true
		case v != "" && name == proxyHost:
			return "HTTPS requests go through this proxy.", false
		case v != "" && j.Property(proxyHost) == "":
			return "This proxy is used for http:// only: HTTPS requests go out directly, set https.proxyHost too.", true
		}
	case nonProxies:
		switch {
		case j.Property(proxyHost) == "":
		case j.Direct(host):
			return "Connections to " + host + " go out directly, without the proxy.", false
		default:
			return "It does not cover " + host + ": connections to it use the proxy.", false
		}
	case tunneling, "jdk.http.auth.proxying.disabledSchemes":
		if hasWord(v, "Basic") {
			return "Java refuses to log in with Basic at the proxy.", true
		}
		return "Java may log in with Basic at the proxy.", false
	case "https.protocols", "jdk.tls.client.protocols":
		if v == "" || hasWord(v, "TLSv1.2") || hasWord(v, "TLSv1.3") {
			return "It allows a TLS version that Microsoft and Google accept.", false
		}
		return "It allows neither TLSv1.2 nor TLSv1.3: Microsoft and Google refuse older versions.", true
	case "socksProxyHost":
		return "Every TCP connection of Jira goes through this SOCKS proxy, also those to mail servers and the database. " +
			"An HTTP proxy belongs in https.proxyHost.", v != ""
	case "javax.net.ssl.trustStore":
		if _, err := readLimited(j.Store, maxStore); err != nil && j.Store != "" {
			return "This file does not exist or may not be read: if it does not exist, Java trusts no certificate.", true
		} else if s, err := j.Trust(); err == nil && s.locked {
			return "Java reads this PKCS12 store only with javax.net.ssl.trustStorePassword: without it, it trusts no certificate.", true
		}
	case "java.net.useSystemProxies":
		return "If true, Java also takes the proxy from the system's desktop settings, if there are any.", false
	case "com.sun.net.ssl.checkRevocation":
		return "If true, Java must reach the CA's OCSP or CRL server, or it refuses the certificate.", false
	case "java.net.preferIPv6Addresses":
		return "If true, Java tries IPv6 addresses first.", false
	}
	return "", false
}

func (j *JVM) has(name string) bool {
	for _, o := range j.Options {
		if n, _, _ := strings.Cut(o, "="); n == "-D"+name {
			return true
		}
	}
	return false
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(w), word) {
			return true
		}
	}
	return false
}

// Direct reports whether Java connects to a host without its proxy: by http.nonProxyHosts, in which "*" may be at
// either end of a pattern. Unless it is set to nothing, this machine is always in it.
func (j *JVM) Direct(host string) bool {
	patterns := j.Property(nonProxies)
	if patterns != "" || !j.has(nonProxies) {
		patterns += `|localhost|127.*|\[::1\]`
	}
	for p := range strings.SplitSeq(strings.ToLower(patterns), "|") {
		if ok, _ := path.Match(p, strings.ToLower(host)); ok {
			return true
		}
	}
	return false
}

// AllowsBasic reports whether the running Jira's Java logs in with Basic at a proxy for https. By default it does not
// (JDK 8u111).
func (j *JVM) AllowsBasic() bool { return j.has(tunneling) && !hasWord(j.Property(tunneling), "Basic") }
