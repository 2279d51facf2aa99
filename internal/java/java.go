// Package java finds Jira's Java on this machine and judges TLS as that Java would.
package java

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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

	password   string
	otherStore bool // than that of the running Jira
}

const (
	maxCommandLine = 1 << 20
	maxScript      = 256 << 10
)

var (
	relevant   = regexp.MustCompile(`^-D(https?\.|ftp\.|socks|jdk\.|javax\.net\.ssl\.|java\.net\.|java\.home=|com\.sun\.)`)
	processIDs = regexp.MustCompile(`(?m)^NSpid:\s+\d+\s+\d`) // in its namespace too
	javaHome   = regexp.MustCompile(`(?m)^\s*(?:export\s+)?(?:JRE_HOME|JAVA_HOME)\s*=\s*["']?([^"'\s$;]+)`)
)

// Find looks at the running Jira, then at the usual paths. It never fails: what it cannot see is in Hidden.
func Find(w Where) *JVM {
	j := &JVM{}
	cwd, contained := j.process(w)
	homes := []string{j.Home}
	switch {
	case contained:
		homes = nil
	case j.Home == "":
		homes = j.usual(w)
	}
	for _, home := range homes {
		if store := j.inHome(home); store != "" {
			j.Home, j.Store = home, store
			break
		}
	}
	named := j.Property("javax.net.ssl.trustStore")
	switch {
	case contained, named == "", named == "NONE":
	case filepath.IsAbs(named):
		j.Store = named
	case cwd != "":
		j.Store = filepath.Join(cwd, named)
	default:
		j.Store = ""
		j.hide("Jira's trust store is the relative path " + strconv.Quote(named) + ", and its working directory cannot be " +
			"read: run doctor as root, or set [probe] trust_store.")
	}
	if w.TrustStore != "" && w.TrustStore != j.Store {
		j.Store, j.password, j.otherStore = w.TrustStore, "", true
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
	s, err := Open(j.Store, j.password)
	if err == nil && j.Options != nil && j.password == "" && !j.otherStore && s.Type == "PKCS12" && !s.open {
		s.anchors, s.locked = nil, true
	}
	return s, err
}

// process reads the command line of the running Jira. It returns its working directory, and whether it is in a
// container, whose files are not this machine's.
func (j *JVM) process(w Where) (cwd string, contained bool) {
	proc := filepath.Join("/", w.Root, "proc")
	dirs, _ := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	for _, dir := range dirs {
		args := commandLine(dir)
		if !isJira(args, w.Install) {
			continue
		}
		j.PID, _ = strconv.Atoi(filepath.Base(dir))
		j.keep(args)
		if inContainer(dir, w.Root) {
			j.hide("Jira runs in a container, whose files are not looked for here: run doctor in it, or copy its trust store " +
				"out (docker cp) and set [probe] trust_store.")
			return "", true
		}
		cwd, _ = os.Readlink(filepath.Join(dir, "cwd"))
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil { // only root and Jira's own user may follow it
			exe = args[0]
		}
		if j.Home = j.Property("java.home"); j.Home == "" && filepath.IsAbs(exe) {
			j.Home = filepath.Dir(filepath.Dir(exe))
		}
		return cwd, false
	}
	if _, err := os.Stat(filepath.Join(proc, "1")); err != nil {
		j.hide("The unit hides other processes, so Jira's command line cannot be read: run doctor as root, or allow it with " +
			"a drop-in (systemctl edit jira-oauth-watcher): [Service] ProtectProc=default ProcSubset=all.")
	} else {
		j.hide("No running Jira was seen, so its Java options are not known: start Jira, or run doctor as root.")
	}
	return "", false
}

// inContainer reports whether a process has a root directory, or process IDs, of its own.
func inContainer(dir, root string) bool {
	status, _ := readLimited(filepath.Join(dir, "status"), maxScript)
	if m := processIDs.FindSubmatch(status); m != nil {
		return true
	}
	its, err := os.Stat(filepath.Join(dir, "root"))
	ours, e := os.Stat(filepath.Join("/", root))
	return err == nil && e == nil && !os.SameFile(its, ours)
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
		name, value, _ := strings.Cut(a, "=")
		if name == "-Djavax.net.ssl.trustStorePassword" {
			j.password = value
		}
		if strings.Contains(strings.ToLower(name), "password") {
			a = name + "=[secret]"
		}
		if relevant.MatchString(a) {
			j.Options = append(j.Options, a)
		}
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
