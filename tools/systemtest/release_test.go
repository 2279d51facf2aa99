//go:build system

package systemtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func repository(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(host(t, "git", "rev-parse", "--show-toplevel"))
}

// tagged is a clone of the present commit with a version tag.
func tagged(t *testing.T, place string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), place)
	host(t, "git", "clone", "-q", "--no-hardlinks", repository(t), dir)
	host(t, "git", "-C", dir, "tag", "v1.2.3")
	return dir
}

// Two releases of one commit are the same bytes, on machines and in directories of other names, with
// other caches, time zones and permissions of new files. All platforms hold the same program in each form.
func TestReproducible(t *testing.T) {
	needs(t, "git", "unshare", "dpkg-deb", "rpm")
	all := os.Getenv("WATCHER_RELEASE") != "" // make packages-check; else one platform and one cache, to save minutes
	if !all {
		t.Setenv("PLATFORMS", "linux/amd64")
	}
	var sums [2]string
	for i, place := range []string{"a", "another/and/deeper"} {
		dir := tagged(t, place)
		cmd := exec.Command(filepath.Join(dir, "scripts", "release.sh"))
		if i == 1 {
			cmd = exec.Command("unshare", "--uts", "sh", "-c", `hostname other && umask 077 && exec "$0"`, cmd.Path)
			cmd.Env = append(os.Environ(), "TZ=Asia/Tokyo", "LC_ALL=C", "GOAMD64=v3")
			if all {
				cmd.Env = append(cmd.Env, "GOCACHE="+t.TempDir())
			}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("release.sh in %s: %v\n%s", place, err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "dist", "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = string(text)
		if i == 0 {
			t.Logf("%s", out)
			release(t, dir, all)
		}
	}
	equal(t, "the second SHA256SUMS", sums[1], sums[0])
}

// release checks the files of a release.
func release(t *testing.T, dir string, all bool) {
	t.Helper()
	dist := filepath.Join(dir, "dist")
	host(t, "sh", "-c", `cd "$0" && sha256sum --check --strict --quiet SHA256SUMS`, dist)
	archs := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	if !all {
		delete(archs, "arm64")
	} else {
		files(t, dist)
	}
	commit := strings.TrimSpace(host(t, "git", "-C", dir, "rev-parse", "HEAD"))
	for arch, ofRPM := range archs {
		root := unpack(t, filepath.Join(dist, "jira-oauth-watcher-1.2.3-oci.tar"), arch)
		program := digest(t, `cat "$0"`, filepath.Join(root, "jira-oauth-watcher"))
		equal(t, "program of the archive for "+arch, digest(t, `tar -xzOf "$0" --wildcards '*/jira-oauth-watcher'`,
			filepath.Join(dist, "jira-oauth-watcher-1.2.3-linux-"+arch+".tar.gz")), program)
		equal(t, "program of the .deb for "+arch, digest(t, `dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/bin/jira-oauth-watcher`,
			filepath.Join(dist, "jira-oauth-watcher_1.2.3-1_"+arch+".deb")), program)
		wants(t, "files of the .rpm for "+arch, host(t, "rpm", "-qp", "--dump", filepath.Join(dist, "jira-oauth-watcher-1.2.3-1."+ofRPM+".rpm")),
			" "+program+" ")
		if arch != strings.TrimSpace(host(t, "dpkg", "--print-architecture")) {
			continue
		}
		run := func(args ...string) string { // as the image's user, with nothing but the image
			return host(t, append([]string{"env", "-i", "/usr/sbin/chroot", "--userspec=2001:2001", "--groups=", root, "/jira-oauth-watcher"}, args...)...)
		}
		wants(t, "version", run("version"), "jira-oauth-watcher 1.2.3, commit "+commit+", go")
		wants(t, "demo", run("demo"), "AADSTS7000222")
	}
}

// files checks which files a release of all platforms has.
func files(t *testing.T, dist string) {
	t.Helper()
	equal(t, "files", strings.Join(strings.Fields(host(t, "sh", "-c", `cd "$0" && cut -d' ' -f3 SHA256SUMS | LC_ALL=C sort`, dist)), "\n"),
		strings.Join([]string{"jira-oauth-watcher-1.2.3-1.aarch64.rpm", "jira-oauth-watcher-1.2.3-1.x86_64.rpm",
			"jira-oauth-watcher-1.2.3-darwin-amd64.tar.gz", "jira-oauth-watcher-1.2.3-darwin-arm64.tar.gz",
			"jira-oauth-watcher-1.2.3-linux-amd64.tar.gz", "jira-oauth-watcher-1.2.3-linux-arm64.tar.gz", "jira-oauth-watcher-1.2.3-oci.tar",
			"jira-oauth-watcher-1.2.3-windows-amd64.zip", "jira-oauth-watcher_1.2.3-1_amd64.deb", "jira-oauth-watcher_1.2.3-1_arm64.deb"}, "\n"))
}

func digest(t *testing.T, script, file string) string {
	t.Helper()
	return strings.Fields(host(t, "sh", "-c", script+" | sha256sum", file))[0]
}

// unpack makes the file system of an image, as a container has it.
func unpack(t *testing.T, image, arch string) string {
	t.Helper()
	layout, root := t.TempDir(), t.TempDir()
	os.Chmod(filepath.Dir(root), 0o755)
	os.Chmod(root, 0o755)
	host(t, "tar", "-xf", image, "-C", layout)
	type descriptor struct {
		Digest   string
		Platform struct{ Architecture string }
	}
	blob := func(digest string) string {
		return filepath.Join(layout, "blobs", strings.ReplaceAll(digest, ":", "/"))
	}
	read := func(path string) (list struct{ Manifests, Layers []descriptor }) {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &list)
		}
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, m := range read(blob(read(filepath.Join(layout, "index.json")).Manifests[0].Digest)).Manifests {
		if m.Platform.Architecture != arch {
			continue
		}
		for _, layer := range read(blob(m.Digest)).Layers {
			host(t, "tar", "-xzpf", blob(layer.Digest), "-C", root)
		}
	}
	return root
}

// A release is refused with one sentence unless the commit has a version tag and the tree no changes.
func TestReleaseRefuses(t *testing.T) {
	needs(t, "git")
	dir := tagged(t, "a")
	refused := func(want string) {
		t.Helper()
		// Without MAKELEVEL and MAKEFLAGS of the make that runs the tests, make prints no directories.
		out, err := exec.Command("env", "-u", "MAKELEVEL", "-u", "MAKEFLAGS", "make", "-s", "-C", dir, "release").CombinedOutput()
		first, _, _ := strings.Cut(string(out), "\n")
		if err == nil || !strings.HasPrefix(first, "make release: "+want) {
			t.Errorf("%v, said %q, want %q", err, out, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "dist")); err == nil {
			t.Error("something was built")
		}
	}
	extra := filepath.Join(dir, "cmd", "watcher", "extra.go")
	if err := os.WriteFile(extra, []byte("package main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused("the working tree has changes (?? cmd/watcher/extra.go)")
	if err := os.Remove(extra); err != nil {
		t.Fatal(err)
	}
	host(t, "git", "-C", dir, "tag", "-d", "v1.2.3")
	host(t, "git", "-C", dir, "tag", "v1.2")
	refused("this commit has no tag of the form v1.2.3")
}
