package main_test

import (
	"archive/zip"
	"bytes"
	"os"

	"jira-oauth-watcher/internal/testkit"

	"github.com/rogpeppe/go-internal/testscript"
)

// gzipFile replaces a file by a compressed one: gzip FILE.
func gzipFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gzip file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".gz"), []byte(testkit.Gzip(ts.ReadFile(args[0]))), 0o600))
	ts.Check(os.Remove(ts.MkAbs(args[0])))
}

// zipFiles makes a zip: zip OUT [NAME FILE]...
func zipFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 1 {
		ts.Fatalf("usage: zip out [name file]...")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 1; i < len(args); i += 2 {
		w, err := z.Create(args[i])
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(args[i+1])))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}
