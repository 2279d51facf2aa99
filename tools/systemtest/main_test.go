//go:build system

package systemtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// made is where packages are built for these tests.
var made string

func TestMain(m *testing.M) {
	var err error
	if made, err = os.MkdirTemp("", "watcher-packages-"); err != nil {
		panic(err)
	}
	os.Chmod(made, 0o755) // dpkg's helpers are not root
	status := m.Run()
	os.RemoveAll(made)
	os.Exit(status)
}

// needs skips a test whose tools are not here; WATCHER_SYSTEM=1 makes that a
// failure.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	missing := slices.DeleteFunc(slices.Clone(tools), func(tool string) bool {
		_, err := exec.LookPath(tool)
		return err == nil
	})
	if os.Getuid() != 0 {
		missing = append(missing, "root")
	}
	switch {
	case len(missing) == 0:
	case os.Getenv("WATCHER_SYSTEM") == "1":
		t.Fatalf("this needs %s", strings.Join(missing, ", "))
	default:
		t.Skipf("this needs %s", strings.Join(missing, ", "))
	}
}

// packages runs the build of the packages in a source tree.
func packages(t *testing.T, source string, env ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(source, "scripts", "packages.sh")) // goes to its own tree
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("packages.sh in %s: %v\n%s", source, err, out)
	}
}

// versions is a directory with three versions of the packages, all of the
// present source.
func versions(t *testing.T) string {
	t.Helper()
	build.Do(func() {
		for _, version := range []string{"1.0.0", "1.0.1", "1.0.2"} {
			packages(t, filepath.Join("..", ".."), "VERSION="+version, "TARGET="+made)
		}
	})
	return made
}

var build sync.Once
