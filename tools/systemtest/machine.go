//go:build system

// Package systemtest tries the packages as an administrator does, in booted Debian
// machines with their own systemd.
//
// The machines are systemd-nspawn containers without any network but their own
// loopback. Needs root, systemd-nspawn and mmdebstrap, and for the first run a Debian
// mirror: make test-system.
package systemtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds every wait for something that must come.
const patience = 60 * time.Second

// inImage are the packages of a machine: a small server's, and rpm to try the
// other package with.
const inImage = "systemd,systemd-sysv,dbus,procps,netbase,iproute2,ca-certificates,init-system-helpers,rpm"

// image is the directory of a Debian release with more packages than inImage, made once and
// kept in the user's cache. A machine never writes to it.
func image(t *testing.T, release string, more ...string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Join(append([]string{inImage}, more...), ",")
	recipe := sha256.Sum256([]byte(packages))
	dir := filepath.Join(cache, "jira-oauth-watcher", "systemtest", fmt.Sprintf("%s-%x", release, recipe[:4]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	begun := time.Now()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	making := dir + ".making"
	if err := os.RemoveAll(making); err != nil {
		t.Fatal(err)
	}
	host(t, "mmdebstrap", "--quiet", "--variant=minbase", "--include="+packages,
		`--customize-hook=echo 127.0.0.1 localhost > "$1/etc/hosts"`, release, making, mirror(t))
	if err := os.Rename(making, dir); err != nil {
		t.Fatal(err)
	}
	t.Logf("made the image of %s in %v", release, time.Since(begun).Round(time.Second))
	return dir
}

// mirror is where this machine itself gets Debian from.
func mirror(t *testing.T) string {
	t.Helper()
	for range 2 {
		out := host(t, "apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages")
		for line := range strings.Lines(out) {
			if uri, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian "); ok {
				return uri
			}
		}
		host(t, "apt-get", "update", "-qq") // labels are known from then on
	}
	t.Fatal("apt knows no Debian mirror")
	return ""
}

// host runs a command here, and returns what it printed.
func host(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// machine is a booted one.
type machine struct {
	t       *testing.T
	leader  int // its PID 1, as this machine sees it
	console *bytes.Buffer
	booted  bool
	ended   chan error
}

// boot starts a machine from an image; the test turns it off. packages is a
// directory that it sees as /packages.
func boot(t *testing.T, image, packages string) *machine {
	t.Helper()
	name := fmt.Sprintf("watcher-%d-%s", os.Getpid(), strings.ToLower(filepath.Base(image)))
	groups := cgroups(t, name)
	m := &machine{t: t, console: &bytes.Buffer{}, ended: make(chan error, 1)}
	// Its own control group, so that two machines do not share one; not
	// registered, since here may be no systemd to register with.
	cmd := exec.Command("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec systemd-nspawn "$@"`, groups[0],
		"--quiet", "--directory="+image, "--volatile=overlay", "--boot", "--machine="+name, "--register=no", "--keep-unit",
		"--private-network", "--bind-ro="+packages+":/packages", "--tmpfs=/var/atlassian:mode=0755")
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	cmd.Stdout, cmd.Stderr = m.console, m.console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL} // goes with us, however we end
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the parent that Pdeathsig means is a thread
		err := cmd.Start()
		started <- err
		if err == nil {
			m.ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.off(cmd.Process)
		for _, g := range groups {
			removeGroups(g)
		}
		if !m.booted {
			t.Logf("console:\n%s", m.console)
		}
	})
	eventually(t, "the machine boots", func() error {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
		if err != nil {
			return err
		}
		if _, err := fmt.Sscan(string(children), &m.leader); err != nil {
			return fmt.Errorf("no leader yet: %w", err)
		}
		if state, _ := m.try("systemctl is-system-running"); state != "running" {
			return fmt.Errorf("its state is %q", state)
		}
		return nil
	})
	m.booted = true
	return m
}

// cgroups are the control groups a machine lives in; the first one is made.
func cgroups(t *testing.T, name string) []string {
	t.Helper()
	top := "/sys/fs/cgroup"
	all := []string{filepath.Join(top, name)}
	if _, err := os.Stat(filepath.Join(top, "unified")); err == nil { // both versions side by side
		all = []string{filepath.Join(top, "unified", name), filepath.Join(top, "systemd", name)}
	}
	if err := os.MkdirAll(all[0], 0o755); err != nil {
		t.Fatal(err)
	}
	return all
}

// removeGroups removes a control group and those below it.
func removeGroups(top string) {
	var all []string
	filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return nil
	})
	for i := len(all) - 1; i >= 0; i-- {
		os.Remove(all[i])
	}
}

// off shuts the machine down, and ends it when it does not.
func (m *machine) off(nspawn *os.Process) {
	if m.leader != 0 {
		m.try("systemctl poweroff")
	}
	select {
	case <-m.ended:
	case <-time.After(20 * time.Second):
		nspawn.Kill()
		<-m.ended
	}
}

// inside is a shell within the machine, as root.
func (m *machine) inside(script string, args ...string) *exec.Cmd {
	enter := []string{"-t", fmt.Sprint(m.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--wdns=/", "env", "-i",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8",
		"SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", "sh", "-c", script, "sh"}
	return exec.Command("nsenter", append(enter, args...)...)
}

// try runs a script within the machine and returns what it printed, without
// the space around.
func (m *machine) try(script string, args ...string) (string, error) {
	out, err := m.inside(script, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// run is try for what must succeed.
func (m *machine) run(script string, args ...string) string {
	m.t.Helper()
	out, err := m.try(script, args...)
	if err != nil {
		m.t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return out
}

// fails is try for what must not succeed.
func (m *machine) fails(script string) string {
	m.t.Helper()
	out, err := m.try(script)
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		m.t.Fatalf("%s\nended with %v, want a failure\n%s", script, err, out)
	}
	return out
}

// write makes a file of root's within the machine.
func (m *machine) write(path, mode, text string) {
	m.t.Helper()
	cmd := m.inside(`install -m "$1" /dev/stdin "$2"`, mode, path)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("writing %s: %v\n%s", path, err, out)
	}
}

// eventually tries a condition until it holds.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// within runs f on a thread that is in the machine's network.
func (m *machine) within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", m.leader))
		if err != nil {
			done <- err
			return
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}
