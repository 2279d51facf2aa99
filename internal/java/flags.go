package java

import (
	"path"
	"regexp"
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
	nonProxies = "http.nonProxyHosts"
)

// judged is what options mean, the first that matches.
var judged = []struct {
	option *regexp.Regexp
	bad    bool
	means  string
}{
	{regexp.MustCompile(`^-Dhttps?\.proxyHost=.*/`), true,
		"Java takes a host name here, without http:// or a path: it cannot resolve this."},
	{regexp.MustCompile(`^-Dhttps?\.proxyHost=[^:]*:[^:]*$`), true,
		"Java takes the host name alone here: the port belongs in an option of its own, https.proxyPort."},
	{regexp.MustCompile(`^-Dhttps\.proxyHost=.`), false, "HTTPS requests go through this proxy."},
	{regexp.MustCompile(`^-Dhttp\.proxyHost=.`), false, "This proxy is for http:// only: https.proxyHost is that of HTTPS requests."},
	{regexp.MustCompile(`^-Dhttp\.nonProxyHosts=.`), false, "HTTPS requests to these hosts go out directly, without the proxy."},
	{regexp.MustCompile(`(?i)^-Djdk\.http\.auth\.\w+\.disabledSchemes=.*\bBasic\b`), true, "Java refuses to log in with Basic at the proxy."},
	{regexp.MustCompile(`^-Djdk\.http\.auth\.\w+\.disabledSchemes=`), false, "Java may log in with Basic at the proxy."},
	{regexp.MustCompile(`^-D(?:https\.protocols|jdk\.tls\.client\.protocols)=.*TLSv1\.[23]`), false,
		"It allows a TLS version that Microsoft and Google accept."},
	{regexp.MustCompile(`^-D(?:https\.protocols|jdk\.tls\.client\.protocols)=.`), true,
		"It allows neither TLSv1.2 nor TLSv1.3: Microsoft and Google refuse older versions."},
	{regexp.MustCompile(`^-DsocksProxyHost=.`), true, "Every TCP connection of Jira goes through this SOCKS proxy, also those " +
		"to mail servers and the database. An HTTP proxy belongs in https.proxyHost."},
	{regexp.MustCompile(`^-Djava\.net\.useSystemProxies=true`), false, "Java also takes the proxy from the desktop's settings."},
	{regexp.MustCompile(`^-Dcom\.sun\.net\.ssl\.checkRevocation=true`), false,
		"Java must reach the CA's OCSP or CRL server, or it refuses the certificate."},
}

// Flags judges the options of the running Jira. None are known if Options is nil.
func (j *JVM) Flags() []Flag {
	var flags []Flag
	for _, o := range j.Options {
		if name, v, _ := strings.Cut(strings.TrimPrefix(o, "-D"), "="); v != j.Property(name) {
			continue // a later one wins
		}
		for _, f := range judged {
			if f.option.MatchString(o) {
				flags = append(flags, Flag{o, f.means, f.bad})
				break
			}
		}
	}
	return flags
}

// Direct reports whether Java connects to a host without its proxy: by http.nonProxyHosts, in which "*" may be at
// either end of a pattern. Unless it is set to nothing, this machine is always in it.
func (j *JVM) Direct(host string) bool {
	patterns, set := j.option(nonProxies)
	if patterns != "" || !set {
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
func (j *JVM) AllowsBasic() bool {
	disabled, set := j.option(tunneling)
	return set && !strings.Contains(strings.ToLower(disabled), "basic")
}
