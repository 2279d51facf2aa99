// Package java finds Jira's Java on this machine and judges TLS as that Java would.
package java

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Where says where to look.
type Where struct {
	TrustStore string // [probe] trust_store: nothing else is looked for
	Install    string // [jira] install
	Root       string // the root directory of the files and of /proc; "" is "/"
}

// A JVM is what could be seen of Jira's Java.
type JVM struct {
	PID     int      // of the running Jira, 0 = not seen
	Home    string   // java.home, "" = not found
	Options []string // the running Jira's -D options that matter for connections, in order, passwords replaced; nil = not seen
	Store   string   // path of the trust store, "" = not found
	Hidden  []string // what could not be seen, and how to allow it: one sentence each

	password string
}

const (
	maxCommandLine = 1 << 20
	maxScript      = 256 << 10
)

var (
	relevant = regexp.MustCompile(`^-D(https?\.|ftp\.|socks|jdk\.|javax\.net\.ssl\.|java\.net\.|java\.home=|com\.sun\.)`)
	javaHome = regexp.MustCompile(`(?m)^\s*(?:export\s+)?(?:JRE_HOME|JAVA_HOME)\s*=\s*["']?([^"'\s$;]+)`)
)

// Find looks at the running Jira, then at the usual paths. It never fails: what it cannot see is in Hidden.
func Find(w Where) *JVM {
	j := &JVM{}
	cwd := ""
	if runtime.GOOS != "linux" {
		j.hide("This system has no /proc, so the running Jira's options cannot be read: set [probe] trust_store.")
	} else {
		cwd = j.process(w)
	}
	homes := []string{j.Home}
	if j.Home == "" {
		homes = j.usual(w)
	}
	for _, home := range homes {
		if store := j.inHome(home); store != "" {
			j.Home, j.Store = home, store
			break
		}
	}
	if named := j.Property("javax.net.ssl.trustStore"); named != "" && named != "NONE" {
		j.Store = named
		if !filepath.IsAbs(named) {
			j.Store = filepath.Join(cwd, named)
			if cwd == "" {
				j.Store = ""
				j.hide("Jira's trust store is the relative path " + strconv.Quote(named) + ", and its working directory " +
					"cannot be read: run doctor as root, or set [probe] trust_store.")
			}
		}
	}
	if w.TrustStore != "" {
		j.Store = w.TrustStore
	}
	if j.Store == "" {
		j.hide("No trust store of Jira's Java was found: set [probe] trust_store.")
	}
	return j
}

func (j *JVM) hide(sentence string) { j.Hidden = append(j.Hidden, sentence) }

// Property is the value of -Dname=value of the running Jira, "" if it is not set. The last one wins, as in Java.
func (j *JVM) Property(name string) string {
	for _, o := range slices.Backward(j.Options) {
		if n, v, _ := strings.Cut(o, "="); n == "-D"+name {
			return v
		}
	}
	return ""
}

// Trust opens the trust store of this JVM.
func (j *JVM) Trust() (*TrustStore, error) {
	if j.Store == "" {
		return nil, errors.New("no trust store of Jira's Java was found, set [probe] trust_store")
	}
	return Open(j.Store, j.password)
}

// process reads the command line of the running Jira and returns its working directory.
func (j *JVM) process(w Where) (cwd string) {
	proc := filepath.Join("/", w.Root, "proc")
	dirs, err := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	for _, dir := range dirs {
		args := commandLine(dir)
		if !isJira(args, w.Install) {
			continue
		}
		j.PID, _ = strconv.Atoi(filepath.Base(dir))
		j.keep(args)
		cwd, _ = os.Readlink(filepath.Join(dir, "cwd"))
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil { // only root and Jira's own user may follow it
			exe = args[0]
		}
		if home := j.Property("java.home"); home != "" {
			j.Home = home
		} else if filepath.IsAbs(exe) {
			j.Home = filepath.Dir(filepath.Dir(exe))
		}
		return cwd
	}
	if _, e := os.Stat(filepath.Join(proc, "1")); err != nil || e != nil {
		j.hide("The unit hides other processes, so Jira's command line cannot be read: run doctor as root, or allow it with " +
			"a drop-in (systemctl edit jira-oauth-watcher): [Service] ProtectProc=default ProcSubset=all.")
	} else {
		j.hide("No running Jira was seen, so its Java options are not known: start Jira, or run doctor as root.")
	}
	return ""
}

func commandLine(dir string) []string {
	b, err := readLimited(filepath.Join(dir, "cmdline"), maxCommandLine)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
}

func isJira(args []string, install string) bool {
	if !slices.Contains(args, "org.apache.catalina.startup.Bootstrap") {
		return false
	}
	return slices.ContainsFunc(args, func(a string) bool {
		name, value, _ := strings.Cut(a, "=")
		switch low := strings.ToLower(value); name {
		case "-Djira.home":
			return true
		case "-Dcatalina.base", "-Dcatalina.home":
			return strings.Contains(low, "jira") || install != "" && filepath.Clean(value) == filepath.Clean(install) ||
				strings.Contains(low, "atlassian") && !strings.Contains(low, "confluence") && !strings.Contains(low, "bamboo")
		}
		return false
	})
}

func (j *JVM) keep(args []string) {
	j.Options = []string{}
	for _, a := range args {
		if !relevant.MatchString(a) {
			continue
		}
		name, value, _ := strings.Cut(a, "=")
		if strings.Contains(strings.ToLower(name), "password") {
			if name == "-Djavax.net.ssl.trustStorePassword" {
				j.password = value
			}
			a = name + "=[secret]"
		}
		j.Options = append(j.Options, a)
	}
}

// usual returns the homes that a Jira which is not running may use, the likeliest first.
func (j *JVM) usual(w Where) []string {
	var homes []string
	at := func(elem ...string) string { return filepath.Join(append([]string{"/", w.Root}, elem...)...) }
	for _, install := range []string{w.Install, "/opt/atlassian/jira"} {
		if install == "" {
			continue
		}
		for _, script := range []string{"setjre.sh", "setenv.sh"} {
			b, err := readLimited(at(install, "bin", script), maxScript)
			if errors.Is(err, fs.ErrPermission) {
				j.hide(at(install, "bin", script) + " may not be read: run doctor as root.")
			}
			for _, m := range javaHome.FindAllSubmatch(b, -1) {
				homes = append(homes, at(string(m[1])))
			}
		}
		homes = append(homes, at(install, "jre"))
	}
	homes = append(homes, at("opt/java/openjdk"), at("usr/lib/jvm/default-java"), at("usr/lib/jvm/jre"))
	more, _ := filepath.Glob(at("usr/lib/jvm/*"))
	return append(homes, more...)
}

// inHome is the default trust store in java.home: jssecacerts before cacerts, and the JRE in a JDK 8.
func (j *JVM) inHome(home string) string {
	if home == "" {
		return ""
	}
	for _, lib := range []string{"lib", "jre/lib"} {
		for _, name := range []string{"jssecacerts", "cacerts"} {
			path := filepath.Join(home, lib, "security", name)
			_, err := os.Stat(path)
			if err == nil {
				return path
			}
			if errors.Is(err, fs.ErrPermission) {
				j.hide(path + " may not be read: run doctor as root.")
			}
		}
	}
	return ""
}
