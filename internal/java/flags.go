package java

import (
	"cmp"
	"path"
	"strings"
)

// A Flag is an option of the running Jira that matters for a connection.
type Flag struct {
	Option string // as on the command line, passwords replaced
	Means  string // one sentence
	Bad    bool
}

// Flags judges the options of the running Jira for a connection to host. None are known if Options is nil.
func (j *JVM) Flags(host string) []Flag {
	var flags []Flag
	add := func(bad bool, name, means string) {
		flags = append(flags, Flag{"-D" + name + "=" + j.Property(name), means, bad})
	}
	for _, name := range []string{"https.proxyHost", "http.proxyHost"} {
		switch v := j.Property(name); {
		case v == "":
		case strings.Contains(v, "/"):
			add(true, name, "Java takes a host name here, without http:// or a path: it cannot resolve this.")
		case strings.Contains(v, ":") && strings.Count(v, ":") == 1:
			add(true, name, "Java takes the host name alone here: the port belongs in "+strings.TrimSuffix(name, "Host")+"Port.")
		case name == "https.proxyHost":
			add(false, name, "HTTPS requests go through this proxy.")
		case j.Property("https.proxyHost") == "":
			add(true, name, "This proxy is used for http:// only: HTTPS requests go out directly, set https.proxyHost too.")
		}
	}
	if v := j.Property("http.nonProxyHosts"); v != "" && j.Property("https.proxyHost") != "" {
		if nonProxy(v, host) {
			add(false, "http.nonProxyHosts", "Connections to "+host+" go out directly, without the proxy.")
		} else {
			add(false, "http.nonProxyHosts", "It does not cover "+host+": connections to it use the proxy.")
		}
	}
	for _, name := range []string{"jdk.http.auth.tunneling.disabledSchemes", "jdk.http.auth.proxying.disabledSchemes"} {
		if v := j.Property(name); hasWord(v, "Basic") {
			add(true, name, "Java refuses to log in with Basic at the proxy.")
		} else if j.has(name) {
			add(false, name, "Java may log in with Basic at the proxy.")
		}
	}
	for _, name := range []string{"https.protocols", "jdk.tls.client.protocols"} {
		if v := j.Property(name); v != "" {
			if hasWord(v, "TLSv1.2") || hasWord(v, "TLSv1.3") {
				add(false, name, "It allows a TLS version that Microsoft and Google accept.")
			} else {
				add(true, name, "It allows neither TLSv1.2 nor TLSv1.3: Microsoft and Google refuse older versions.")
			}
		}
	}
	j.otherFlags(add)
	return flags
}

func (j *JVM) otherFlags(add func(bad bool, name, means string)) {
	if j.Property("socksProxyHost") != "" {
		add(true, "socksProxyHost", "Every TCP connection of Jira goes through this SOCKS proxy, also those to mail servers "+
			"and the database. An HTTP proxy belongs in https.proxyHost.")
	}
	if v := j.Property("javax.net.ssl.trustStore"); v != "" && j.Store != "" && missing(j.Store) {
		add(true, "javax.net.ssl.trustStore", "This file does not exist or may not be read: if it does not exist, Java trusts no certificate.")
	}
	if j.Property("java.net.useSystemProxies") == "true" {
		add(false, "java.net.useSystemProxies", "Java also takes the proxy from the system's desktop settings, if there are any.")
	}
	if j.Property("com.sun.net.ssl.checkRevocation") == "true" {
		add(false, "com.sun.net.ssl.checkRevocation", "Java must reach the CA's OCSP or CRL server, or it refuses the certificate.")
	}
	if v := j.Property("java.net.preferIPv6Addresses"); v == "true" {
		add(false, "java.net.preferIPv6Addresses", "Java tries IPv6 addresses first.")
	}
}

func missing(file string) bool {
	_, err := readLimited(file, maxStore)
	return err != nil
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

// nonProxy reports whether a pattern in http.nonProxyHosts covers the host. "*" may be at either end.
func nonProxy(patterns, host string) bool {
	for p := range strings.SplitSeq(strings.ToLower(patterns), "|") {
		if ok, _ := path.Match(p, strings.ToLower(host)); ok {
			return true
		}
	}
	return false
}

// Direct reports whether Java connects to a host without its proxy. The default is that of Java's networking
// properties.
func (j *JVM) Direct(host string) bool {
	return nonProxy(cmp.Or(j.Property("http.nonProxyHosts"), `localhost|127.*|\[::1\]`), host)
}

// AllowsBasic reports whether the running Jira's Java logs in with Basic at a proxy for https. By default it does not
// (jdk.http.auth.tunneling.disabledSchemes, JDK 8u111).
func (j *JVM) AllowsBasic() bool {
	const name = "jdk.http.auth.tunneling.disabledSchemes"
	return j.has(name) && !hasWord(j.Property(name), "Basic")
}
