//go:build unix

package tailer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"jira-oauth-watcher/tailer"
)

// Root may read everything, so the reader is a process of another user.
func TestPermissionLostAndRegained(t *testing.T) {
	l := newLog(t).append("a\n")
	check(t, os.Chmod(filepath.Dir(l.path), 0o755))
	said := readAsNobody(t, l.path)
	expect := func(want ...string) {
		t.Helper()
		same(t, read(t, said, len(want)), want)
	}
	expect("a")
	check(t, os.Chmod(l.path, 0)) // what is open stays readable
	l.append("b\n")
	expect("b")
	l.rotate().append("c\n")
	expect("c")
	check(t, os.WriteFile(l.path+".new", []byte("d\n"), 0))
	check(t, os.Rename(l.path+".new", l.path))
	expect("waiting: permission denied")
	check(t, os.Chmod(l.path, 0o644))
	expect("no longer waiting", "d")
	check(t, os.Chmod(filepath.Dir(l.path), 0o700)) // the directory
	l.append("e\n")
	eventuallyLine(t, said, "e")
	check(t, os.Chmod(filepath.Dir(l.path), 0o755))
	l.rotate().append("f\n")
	eventuallyLine(t, said, "f")
}

// A directory whose names may not be listed: whether there is a dated log is unknown.
func TestDatedLogInADirectoryThatMayNotBeListed(t *testing.T) {
	d := newDays(t).write(0, "a\n")
	dir := filepath.Dir(d.path)
	check(t, os.Chmod(dir, 0o711))
	said := readAsNobody(t, d.path)
	same(t, read(t, said, 1), []string{"waiting: permission denied"})
	check(t, os.Chmod(dir, 0o755))
	eventuallyLine(t, said, "a")
}

// readAsNobody starts a process of another user that follows a log, and returns what it says.
func readAsNobody(t *testing.T, path string) *tailer.StreamReader {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	exe := filepath.Join(t.TempDir(), "reader")
	copyFile(t, os.Args[0], exe)
	check(t, os.Chmod(exe, 0o755))
	for dir := filepath.Dir(exe); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		check(t, os.Chmod(dir, 0o755))
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "TAILER_TEST_READER="+path)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	said := tailer.Stream(out)
	t.Cleanup(func() { said.Close() })
	return said
}

func eventuallyLine(t *testing.T, r blocker, want string) {
	t.Helper()
	for {
		if got := read(t, r, 1); got[len(got)-1] == want {
			return
		}
	}
}
