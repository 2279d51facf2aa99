// Package java finds Jira's Java on this machine and judges TLS as that Java would.
package java

import (
	"cmp"
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
	TrustStore string   // [probe] trust_store: nothing else is looked for
	Install    string   // [jira] install
	Jira       []string // further directories and files of Jira, whose owner its process may be
	Root       string   // the root directory of the files and of /proc; "" is "/"
}

// A JVM is what could be seen of Jira's Java.
type JVM struct {
	PID          int    `json:"pid"`          // of the running Jira, 0 = not seen
	Home         string `json:"home"`         // java.home, "" = not found
	Store        string `json:"trust_store"`  // its path, "" = not found
	Certificates int    `json:"certificates"` // in the trust store; set by the doctor's report

	// Options are the running Jira's -D options for connections, in order, passwords replaced; nil = not seen. Hidden
	// is what could not be seen, and how to allow it: one sentence each.
	Options []string `json:"options"`
	Hidden  []string `json:"not_seen"`

	password   string
	otherStore bool // than that of the running Jira
}

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
	if j.Home == "" && !contained {
		homes = usual(w)
	}
	for _, home := range homes {
		if store := j.inHome(home); home != "" && store != "" {
			j.Home, j.Store = home, store
			break
		}
	}
	if named := j.Property("javax.net.ssl.trustStore"); !contained && named != "" && named != "NONE" {
		j.named(named, cwd)
	}
	if w.TrustStore != "" && w.TrustStore != j.Store {
		j.Store, j.password, j.otherStore = w.TrustStore, "", true
	}
	if j.Store == "" {
		j.hide("No trust store of Jira's Java was found: set [probe] trust_store.")
	}
	return j
}

// named takes the store that javax.net.ssl.trustStore names. One that does not exist is as if it was not named.
func (j *JVM) named(store, cwd string) {
	switch {
	case filepath.IsAbs(store):
	case cwd != "":
		store = filepath.Join(cwd, store)
	default:
		j.Store = ""
		j.hide("Jira's trust store is the relative path " + strconv.Quote(store) + ", and its working directory cannot be " +
			"read: run doctor as root, or set [probe] trust_store.")
		return
	}
	if _, err := os.Stat(store); errors.Is(err, fs.ErrNotExist) && j.Store != "" {
		j.hide("The trust store " + strconv.Quote(store) + ", named by javax.net.ssl.trustStore, does not exist: Java uses " +
			j.Store + " instead.")
		return
	}
	j.Store = store
}

func (j *JVM) hide(sentence string) { j.Hidden = append(j.Hidden, sentence) }

// Property is the value of -Dname=value of the running Jira, "" if it is not set. The last one wins, as in Java.
func (j *JVM) Property(name string) string {
	value, _ := j.option(name)
	return value
}

func (j *JVM) option(name string) (value string, set bool) {
	for _, o := range slices.Backward(j.Options) {
		if n, v, _ := strings.Cut(o, "="); n == "-D"+name {
			return v, true
		}
	}
	return "", false
}

// Trust opens the trust store of this JVM. As in Java, an encrypted PKCS12 store is empty if Java has no password.
func (j *JVM) Trust() (*TrustStore, error) {
	if j.Store == "" {
		return nil, errors.New("no trust store of Jira's Java was found, set [probe] trust_store")
	}
	s, err := Open(j.Store, j.password)
	if err == nil && j.Options != nil && j.password == "" && !j.otherStore && s.Type == "PKCS12" && !s.open {
		s.anchors = nil
	}
	return s, err
}

// trusts reports whether a process of this user can be Jira: any user can start one that looks like it.
func (w Where) trusts(uid int) bool {
	own := func(path string) bool { return uid >= 0 && owner(filepath.Join("/", w.Root, path)) == uid }
	return uid == 0 || uid == os.Geteuid() || slices.ContainsFunc(append([]string{w.Install, "opt/atlassian/jira",
		"var/atlassian/application-data/jira"}, w.Jira...), func(path string) bool { return path != "" && own(path) })
}

// process reads the command line of the running Jira. It returns its working directory, and whether it is in a
// container, whose files are not this machine's.
func (j *JVM) process(w Where) (cwd string, contained bool) {
	proc := filepath.Join("/", w.Root, "proc")
	dirs, _ := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	for _, dir := range dirs {
		line, _ := readLimited(filepath.Join(dir, "cmdline"))
		args := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
		if !isJira(args, w.Install) {
			continue
		}
		if !w.trusts(owner(dir)) {
			j.hide("A process that looks like Jira (" + filepath.Base(dir) + ") belongs to a user who owns neither Jira's " +
				"directories nor its logs, and is ignored: name them in [jira] home and install.")
			continue
		}
		j.PID, _ = strconv.Atoi(filepath.Base(dir))
		j.keep(args)
		if inContainer(dir) {
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
		j.hide("The unit hides other processes, so Jira's command line cannot be read: run doctor as root, or allow it " +
			"with a drop-in (systemctl edit jira-oauth-watcher): [Service] ProtectProc=default ProcSubset=all.")
	} else {
		j.hide("No running Jira was seen, so its Java options are not known, and its Java may be a different one: start Jira, " +
			"run doctor as root, or set [probe] trust_store.")
	}
	return "", false
}

// inContainer reports whether a process has a root directory, or process IDs, of its own.
func inContainer(dir string) bool {
	status, _ := readLimited(filepath.Join(dir, "status"))
	its, err := os.Stat(filepath.Join(dir, "root"))
	ours, e := os.Stat("/")
	return processIDs.Match(status) || err == nil && e == nil && !os.SameFile(its, ours)
}

func isJira(args []string, install string) bool {
	const tomcat = "org.apache.catalina.startup.Bootstrap"
	return slices.Contains(args, tomcat) && slices.ContainsFunc(args, func(a string) bool {
		name, dir, _ := strings.Cut(a, "=")
		return name == "-Djira.home" || strings.HasPrefix(name, "-Dcatalina.") &&
			(strings.Contains(strings.ToLower(dir), "jira") || install != "" && filepath.Clean(install) == filepath.Clean(dir))
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
func usual(w Where) (homes []string) {
	at := func(elem ...string) string { return filepath.Join(append([]string{"/", w.Root}, elem...)...) }
	for _, install := range []string{cmp.Or(w.Install, "/opt/atlassian/jira"), "/opt/atlassian/jira"} {
		for _, script := range []string{"setjre.sh", "setenv.sh"} {
			b, _ := readLimited(at(install, "bin", script)) // if it may be read
			for _, m := range javaHome.FindAllSubmatch(b, -1) {
				homes = append(homes, at(string(m[1])))
			}
		}
		homes = append(homes, at(install, "jre"))
	}
	more, _ := filepath.Glob(at("usr/lib/jvm/*")) // default-java first
	return append(append(homes, at("opt/java/openjdk")), more...)
}

// inHome is the default trust store in java.home: jssecacerts before cacerts, and the JRE in a JDK 8.
func (j *JVM) inHome(home string) string {
	for _, name := range []string{"lib/security/jssecacerts", "lib/security/cacerts", "jre/lib/security/jssecacerts",
		"jre/lib/security/cacerts"} {
		path := filepath.Join(home, name)
		_, err := os.Stat(path)
		if err == nil {
			return path
		}
		if errors.Is(err, fs.ErrPermission) {
			j.hide(path + " may not be read: run doctor as root.")
		}
	}
	return ""
}
