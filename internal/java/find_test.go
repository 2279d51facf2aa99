package java_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/testkit"
)

// process is a command line in /proc under a root directory.
func process(t *testing.T, root, pid string, args ...string) {
	t.Helper()
	testkit.Write(t, filepath.Join(root, "proc", pid, "cmdline"), strings.Join(args, "\x00")+"\x00")
}

// Where Jira's Java and its trust store are, and what could not be seen.
func TestFind(t *testing.T) {
	const tomcat = "org.apache.catalina.startup.Bootstrap"
	for name, c := range map[string]struct {
		tree        func(t *testing.T, root string, w *java.Where)
		home, store string // under the root
		hidden      string // a part of it, "" = nothing
	}{
		"other processes are invisible": {tree: func(*testing.T, string, *java.Where) {}, hidden: "ProtectProc=default"},
		"Jira does not run": {home: "opt/java21", store: "opt/java21/lib/security/cacerts",
			hidden: "No running Jira was seen",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "1", "init")
				process(t, root, "7", "java", "-Dcatalina.home=/opt/atlassian/confluence", tomcat)
				testkit.Write(t, filepath.Join(root, "opt/atlassian/jira/bin/setenv.sh"),
					"#!/bin/sh\nexport JAVA_HOME=\"/opt/java21\"\n")
				testkit.Write(t, filepath.Join(root, "opt/java21/lib/security/cacerts"), "")
			}},
		"its Java has jssecacerts": {home: "jre", store: "jre/lib/security/jssecacerts",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", filepath.Join(root, "jre/bin/java"), "-Dcatalina.base=/opt/jira", tomcat)
				testkit.Write(t, filepath.Join(root, "jre/lib/security/cacerts"), "")
				testkit.Write(t, filepath.Join(root, "jre/lib/security/jssecacerts"), "")
			}},
		"the Java of a JDK 8": {home: "jdk8", store: "jdk8/jre/lib/security/cacerts",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", "java", "-Djava.home="+filepath.Join(root, "jdk8"), "-Djira.home=/j", tomcat)
				testkit.Write(t, filepath.Join(root, "jdk8/jre/lib/security/cacerts"), "")
			}},
		"a trust store of its own, relative": {store: "work/my.jks",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", "java", "-Djira.home=/j", "-Djavax.net.ssl.trustStore=first.jks",
					"-Djavax.net.ssl.trustStore=my.jks", tomcat)
				testkit.Write(t, filepath.Join(root, "work/my.jks"), "")
				if err := os.Symlink(filepath.Join(root, "work"), filepath.Join(root, "proc/7/cwd")); err != nil {
					t.Fatal(err)
				}
			}},
		"relative, its directory cannot be read": {hidden: `relative path "my.jks"`,
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", "java", "-Djira.home=/j", "-Djavax.net.ssl.trustStore=my.jks", tomcat)
			}},
		"a trust store of its own that does not exist": {home: "jre", store: "jre/lib/security/cacerts",
			hidden: "does not exist: Java uses",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", filepath.Join(root, "jre/bin/java"), "-Djira.home=/j",
					"-Djavax.net.ssl.trustStore=/nonexistent", tomcat)
				testkit.Write(t, filepath.Join(root, "jre/lib/security/cacerts"), "")
			}},
		"in a container": {hidden: "runs in a container",
			tree: func(t *testing.T, root string, _ *java.Where) {
				process(t, root, "7", "/opt/java/openjdk/bin/java", "-Djira.home=/j",
					"-Djavax.net.ssl.trustStore=/etc/my.jks", tomcat)
				testkit.Write(t, filepath.Join(root, "proc/7/status"), "Name:\tjava\nNSpid:\t7\t1\n")
				testkit.Write(t, filepath.Join(root, "opt/java/openjdk/lib/security/cacerts"), "")
			}},
		"named by the configuration": {store: "set.jks",
			tree: func(t *testing.T, root string, w *java.Where) {
				process(t, root, "7", "java", "-Djira.home=/j", "-Djavax.net.ssl.trustStore=/etc/my.jks", tomcat)
				w.TrustStore = filepath.Join(root, "set.jks")
			}},
	} {
		t.Run(name, func(t *testing.T) {
			w := java.Where{Root: t.TempDir()}
			c.tree(t, w.Root, &w)
			j := java.Find(w)
			for _, p := range []struct{ got, want string }{{j.Home, c.home}, {j.Store, c.store}} {
				if p.want != "" {
					p.want = filepath.Join(w.Root, p.want)
				}
				if p.got != p.want {
					t.Errorf("found %q, want %q", p.got, p.want)
				}
			}
			if hidden := strings.Join(j.Hidden, " "); !strings.Contains(hidden, c.hidden) || c.hidden == "" && hidden != "" {
				t.Errorf("hidden: %q, want %q", hidden, c.hidden)
			}
		})
	}
}

// A real process: its command line, its Java, no password.
func TestFindProcess(t *testing.T) {
	testkit.Slow(t, "it compiles and starts a Java program")
	dir := t.TempDir()
	source := testkit.Write(t, filepath.Join(dir, "Bootstrap.java"), "package org.apache.catalina.startup;\n"+
		"public class Bootstrap {\n	public static void main(String[] a) throws Exception {\n"+
		"		System.out.println(System.getProperty(\"java.home\"));\n		System.in.read();\n	}\n}\n")
	if out, err := exec.Command(testkit.Program(t, "javac"), "-d", dir, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(testkit.Program(t, "java"), "-cp", dir, "-Djira.home="+dir, "-Dhttps.proxyHost=proxy.example.com",
		"-Djavax.net.ssl.trustStorePassword=mine", "org.apache.catalina.startup.Bootstrap", "start")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	home, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	root, pid := t.TempDir(), strconv.Itoa(cmd.Process.Pid)
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/"+pid, filepath.Join(root, "proc", pid)); err != nil {
		t.Fatal(err)
	}
	j := java.Find(java.Where{Root: root})
	home = strings.TrimSpace(home)
	store := filepath.Join(home, "lib/security/cacerts")
	if j.PID != cmd.Process.Pid || j.Home != home || j.Store != store || len(j.Hidden) > 0 {
		t.Errorf("found %+v, want process %s with %s", j, pid, home)
	}
	want := []string{"-Dhttps.proxyHost=proxy.example.com", "-Djavax.net.ssl.trustStorePassword=[secret]"}
	if !slices.Equal(j.Options, want) {
		t.Errorf("options %q, want %q", j.Options, want)
	}
}

// Options are judged, the last of a name only.
func TestFlags(t *testing.T) {
	for options, want := range map[string]string{
		"":                                      "",
		"https.proxyHost=proxy":                 "fine: HTTPS requests go through this proxy",
		"https.proxyHost=http://proxy":          "bad: Java takes a host name here, without http://",
		"https.proxyHost=proxy:3128":            "bad: Java takes the host name alone",
		"https.proxyHost=a:1 https.proxyHost=b": "fine: HTTPS requests",
		"http.proxyHost=proxy":                  "fine: This proxy is for http:// only",
		"http.nonProxyHosts=*.example.com":      "fine: HTTPS requests to these hosts go out directly",
		"jdk.http.auth.tunneling.disabledSchemes=NTLM,basic": "bad: Java refuses to log in with Basic",
		"jdk.http.auth.tunneling.disabledSchemes=":           "fine: Java may log in with Basic",
		"https.protocols=TLSv1,TLSv1.2":                      "fine: It allows",
		"jdk.tls.client.protocols=TLSv1.1":                   "bad: It allows neither",
		"socksProxyHost=proxy":                               "bad: Every TCP connection",
		"java.net.useSystemProxies=true":                     "fine: Java also takes",
		"java.net.useSystemProxies=false":                    "",
		"com.sun.net.ssl.checkRevocation=true":               "fine: Java must reach",
	} {
		j := &java.JVM{}
		for _, o := range strings.Fields(options) {
			j.Options = append(j.Options, "-D"+o)
		}
		got := ""
		for _, f := range j.Flags() {
			got += map[bool]string{true: "bad: ", false: "fine: "}[f.Bad] + f.Means
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", options, got, want)
		}
	}
	for patterns, direct := range map[string]bool{"*.example.com|x": true, "x": false, "login.*": true} {
		j := &java.JVM{Options: []string{"-Dhttp.nonProxyHosts=" + patterns}}
		if j.Direct("login.example.com") != direct || !j.Direct("localhost") {
			t.Errorf("http.nonProxyHosts=%s: direct %t, want %t, and localhost always", patterns, !direct, direct)
		}
	}
	if j := (&java.JVM{Options: []string{"-Dhttp.nonProxyHosts="}}); j.Direct("localhost") {
		t.Error("http.nonProxyHosts is set to nothing: localhost must not be in it")
	}
}

// A process of a user who has nothing to do with Jira is not taken for it.
func TestForeignProcess(t *testing.T) {
	if os.Geteuid() != 0 {
		testkit.Missing(t, "root, to give files away")
	}
	root := t.TempDir()
	testkit.Write(t, filepath.Join(root, "proc/1/cmdline"), "")
	testkit.Write(t, filepath.Join(root, "proc/7/cmdline"), "java\x00-Djira.home=x\x00-Dhttps.proxyHost=evil.example\x00"+
		"org.apache.catalina.startup.Bootstrap\x00")
	log := testkit.Write(t, filepath.Join(root, "log"), "")
	if err := os.Chown(filepath.Join(root, "proc/7"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	w := java.Where{Root: root, Jira: []string{"/log"}}
	if j := java.Find(w); j.PID != 0 || len(j.Options) != 0 {
		t.Errorf("process %d, options %v", j.PID, j.Options)
	}
	if err := os.Chown(log, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if j := java.Find(w); j.PID != 7 {
		t.Errorf("the process of the owner of Jira's log is not seen: %v", j.Hidden)
	}
}
