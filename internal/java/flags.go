package java

import (
	_ "embed" // flags.txt
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

//go:embed flags.txt
var judged string

// Flags judges the options of the running Jira. None are known if Options is nil.
func (j *JVM) Flags() (flags []Flag) {
	for _, o := range j.Options {
		name, v, _ := strings.Cut(strings.TrimPrefix(o, "-D"), "=")
		for line := range strings.Lines(judged) {
			f := strings.Split(strings.TrimSpace(line), " | ")
			if len(f) == 3 && v == j.Property(name) && regexp.MustCompile("^(?:"+f[1]+")").MatchString(o) { // the last of a name wins
				flags = append(flags, Flag{o, f[2], f[0] == "bad"})
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
