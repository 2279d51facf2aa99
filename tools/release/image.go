package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	// user of the image and its group: the one of Jira's own image, whose log only its
	// owner and its group can read.
	user  = 2001
	state = "/var/lib/jira-oauth-watcher"
)

// image writes the container image of all Linux programs as an OCI image layout in a tar file,
// and lists its layers on out.
func (r *release) image(programs []string, out io.Writer) error {
	common, err := r.common()
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, program := range programs {
		system, arch := platform(program)
		if system != "linux" {
			continue
		}
		img, err := r.imageOf(program, arch, common)
		if err != nil {
			return err
		}
		if err := list(img, arch, out); err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: system, Architecture: arch},
		}})
	}
	dir, err := os.MkdirTemp("", "watcher-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := r.layout(index, dir)
	if err != nil {
		return err
	}
	data, err := tarred(files, r.date)
	if err != nil {
		return err
	}
	return r.write("jira-oauth-watcher-"+r.version+"-oci.tar", data)
}

// layout are the files of the image layout, which is written to dir. podman and skopeo
// find the image by the first name, containerd and Docker by the second.
func (r *release) layout(index v1.ImageIndex, dir string) ([]file, error) {
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, err
	}
	if err := l.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": r.version,
		"io.containerd.image.name":          "docker.io/library/jira-oauth-watcher:" + r.version,
	})); err != nil {
		return nil, err
	}
	return below(dir, "")
}

// imageOf is the image of one architecture.
func (r *release) imageOf(program, arch string, common mutate.Addendum) (v1.Image, error) {
	binary, err := read(program, "jira-oauth-watcher", 0o755)
	if err != nil {
		return nil, err
	}
	license, err := read(filepath.Join(r.stage, "copyright"), "usr/share/doc/jira-oauth-watcher/copyright", 0o644)
	if err != nil {
		return nil, err
	}
	own, err := r.layer("the program and the licenses", []file{
		binary, {name: "usr/", mode: 0o755}, {name: "usr/share/", mode: 0o755}, {name: "usr/share/doc/", mode: 0o755},
		{name: "usr/share/doc/jira-oauth-watcher/", mode: 0o755}, license,
	})
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: arch, Created: v1.Time{Time: r.date},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:       fmt.Sprintf("%d:%d", user, user),
			Env:        []string{"ZONEINFO=/zoneinfo.zip", "STATE_DIRECTORY=" + state},
			Entrypoint: []string{"/jira-oauth-watcher"},
			Cmd:        []string{"run", "--log-format", "json"},
			Labels: map[string]string{
				"org.opencontainers.image.title":       "jira-oauth-watcher",
				"org.opencontainers.image.description": "Alerts with diagnosis and fix steps for Jira's OAuth 2.0 mail integrations",
				"org.opencontainers.image.version":     r.version,
				"org.opencontainers.image.revision":    r.revision,
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, common, own)
}

// common is the layer that is the same for every architecture.
func (r *release) common() (mutate.Addendum, error) {
	zones, err := read(filepath.Join(r.stage, "zoneinfo.zip"), "zoneinfo.zip", 0o644)
	if err != nil {
		return mutate.Addendum{}, err
	}
	return r.layer("CA certificates, time zones, a user without a shell, directories for state and temporary files", []file{
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:\njira-oauth-watcher:x:%d:\n", user)},
		{name: "etc/passwd", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:0:root:/:/nonexistent\n"+
			"jira-oauth-watcher:x:%d:%d::%s:/nonexistent\n", user, user, state)},
		{name: "etc/ssl/", mode: 0o755}, {name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: roots()},
		{name: "tmp/", mode: 0o1777},
		{name: "var/", mode: 0o755}, {name: "var/lib/", mode: 0o755},
		{name: state[1:] + "/", mode: 0o700, user: user},
		zones,
	})
}

// roots are Mozilla's CA certificates as PEM, at the version of go.mod. Those that are trusted
// only for certificates of before a certain date are left out: PEM cannot say that.
func roots() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return b.Bytes()
}

// layer makes a layer; what it holds is said in the image's history.
func (r *release) layer(what string, files []file) (mutate.Addendum, error) {
	data, err := tarred(files, r.date)
	if err != nil {
		return mutate.Addendum{}, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	return mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{
		Created: v1.Time{Time: r.date}, CreatedBy: "tools/release", Comment: what,
	}}, err
}

// list prints the layers of an image.
func list(img v1.Image, arch string, out io.Writer) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	for i, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "image linux/%s, layer %d: %s, %d bytes: %s\n", arch, i+1, digest, size, config.History[i].Comment)
	}
	return nil
}
