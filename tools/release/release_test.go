package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const epoch = "1767225600"

// made is the directory with a release that is made of a small stage.
func made(t *testing.T) string {
	t.Helper()
	r := release{version: "1.2.3", revision: strings.Repeat("a", 40), stage: t.TempDir(), to: t.TempDir()}
	for name, text := range map[string]string{
		"bin/linux/amd64/jira-oauth-watcher": "amd64", "bin/linux/arm64/jira-oauth-watcher": "arm64",
		"bin/windows/amd64/jira-oauth-watcher.exe": "exe", "copyright": "MIT", "zoneinfo.zip": "zones",
		"doc/README.md": "read me", "doc/examples/config.toml": "",
	} {
		path := filepath.Join(r.stage, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := r.make(epoch, &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "image linux/"); n != 4 {
		t.Errorf("%d layers are listed, want 4:\n%s", n, out.String())
	}
	return r.to
}

// The same stage makes the same bytes, whenever and wherever its files were written.
func TestSameBytes(t *testing.T) {
	one := made(t)
	time.Sleep(time.Second) // the unit of dates in archives
	other := made(t)
	names, _ := filepath.Glob(filepath.Join(one, "*"))
	if len(names) != 4 {
		t.Errorf("made %v, want three archives and an image", names)
	}
	for _, name := range names {
		if !bytes.Equal(contents(t, name), contents(t, filepath.Join(other, filepath.Base(name)))) {
			t.Errorf("%s differs", filepath.Base(name))
		}
	}
}

func contents(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The archive for Windows holds the program, the licenses and the documents in one directory.
func TestZip(t *testing.T) {
	r, err := zip.OpenReader(filepath.Join(made(t), "jira-oauth-watcher-1.2.3-windows-amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var names []string
	for _, f := range r.File {
		names = append(names, strings.TrimPrefix(f.Name, "jira-oauth-watcher-1.2.3-windows-amd64/"))
	}
	want := []string{"", "jira-oauth-watcher.exe", "copyright", "doc/", "doc/README.md", "doc/examples/", "doc/examples/config.toml"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
}

// The image is a valid one for both architectures, runs the program as a user who is not root,
// trusts public CAs, and has no other program. packaging/docker/Dockerfile makes the same.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	untar(t, bytes.NewReader(contents(t, filepath.Join(made(t), "jira-oauth-watcher-1.2.3-oci.tar"))), dir)
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("index.json %+v: %v", manifest, err)
	}
	index, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err = index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 2 {
		t.Fatalf("image index %+v: %v", manifest, err)
	}
	for _, m := range manifest.Manifests {
		img, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, img, m.Platform.Architecture)
	}
}

func checkImage(t *testing.T, img v1.Image, arch string) {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	dockerfile := string(contents(t, "../../packaging/docker/Dockerfile"))
	for _, line := range []string{
		"USER " + config.Config.User, "ENV " + config.Config.Env[0], "ENV " + config.Config.Env[1],
		`ENTRYPOINT ["` + strings.Join(config.Config.Entrypoint, `", "`) + `"]`, `CMD ["` + strings.Join(config.Config.Cmd, `", "`) + `"]`,
	} {
		if !strings.Contains(dockerfile, line+"\n") {
			t.Errorf("the image says %s, the Dockerfile does not", line)
		}
	}
	if config.Architecture != arch || !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(config.Config.User) {
		t.Errorf("architecture %s of %s, user %s", config.Architecture, arch, config.Config.User)
	}
	root := t.TempDir()
	files := mutate.Extract(img)
	untar(t, files, root)
	files.Close()
	if got := string(contents(t, filepath.Join(root, "jira-oauth-watcher"))); got != arch {
		t.Errorf("the program is that of %s", got)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(contents(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))) {
		t.Error("no CA certificates")
	}
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if info, _ := d.Info(); err == nil && d.Type().IsRegular() && info.Mode()&0o111 != 0 && d.Name() != "jira-oauth-watcher" {
			t.Errorf("%s can be run", path)
		}
		return err
	})
}

func untar(t *testing.T, from io.Reader, dir string) {
	t.Helper()
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if err := os.WriteFile(path, data, os.FileMode(h.Mode)); err != nil {
			t.Fatal(err)
		}
	}
}
