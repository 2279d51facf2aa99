package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"jira-oauth-watcher/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands, as a person types them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *testkit.Update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("STATE", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": exitStatus, "gzip": gzipFile, "zip": zipFiles, "hosts": hostsOnline},
	})
}

// docs/causes.md is what the program prints.
func TestCausesPage(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "causes.md")
	got, err := exec.Command(binary, "causes", "--format", "markdown").Output()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, page, string(got))
}

// exitStatus runs a program and compares its exit status: status N PROGRAM
// [ARG...].
func exitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program [arg...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
