package main_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"

	"go.yaml.in/yaml/v3"
)

// documents are those of a YAML file of the examples.
func documents(t *testing.T, name string) (all []map[string]any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(testkit.Read(t, filepath.Join("..", "..", "packaging", name))))
	for {
		var one map[string]any
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
}

// at is what stands under keys and indexes, one below the other.
func at(t *testing.T, in any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			in = in.(map[string]any)[p]
		case int:
			in = in.([]any)[p]
		}
	}
	if in == nil {
		t.Fatalf("nothing at %v", path)
	}
	return in
}

// The examples for Kubernetes fit each other: the patch and the chart's values
// say the same, every mount has its volume, and the configuration is one.
func TestKubernetesExamples(t *testing.T) {
	patch := at(t, documents(t, "kubernetes/statefulset-patch.yaml")[0], "spec", "template", "spec")
	values := documents(t, "kubernetes/helm-values.yaml")[0]
	container := at(t, patch, "containers", 0)
	if !reflect.DeepEqual(at(t, values, "additionalContainers", 0), container) ||
		!reflect.DeepEqual(at(t, values, "volumes", "additional"), at(t, patch, "volumes")) {
		t.Error("the patch and the chart's values differ")
	}
	for i := range at(t, container, "volumeMounts").([]any) {
		name := at(t, container, "volumeMounts", i, "name")
		if name != "local-home" && name != at(t, patch, "volumes", 0, "name") {
			t.Errorf("volume %v is nowhere", name)
		}
	}

	var config, secret map[string]any
	for _, d := range documents(t, "kubernetes/configuration.yaml") {
		if at(t, d, "metadata", "name") != at(t, patch, "volumes", 0, "name") {
			t.Errorf("%v has another name than the volume", d["kind"])
		}
		switch d["kind"] {
		case "ConfigMap":
			config = d
		case "Secret":
			secret = d
		}
	}
	dir := t.TempDir()
	makeDir(t, filepath.Join(dir, "credentials"))
	for name, text := range at(t, secret, "stringData").(map[string]any) {
		item := at(t, patch, "volumes", 0, "projected", "sources", 1, "secret", "items", 0)
		if name != at(t, item, "key") {
			t.Errorf("secret %s is not mounted", name)
		}
		testkit.Write(t, filepath.Join(dir, at(t, item, "path").(string)), strings.ReplaceAll(text.(string), "…", "T0/B0/x"))
	}
	text := at(t, config, "data", "config.toml").(string)
	out, err := exec.Command(binary, "check", "--config", testkit.Write(t, filepath.Join(dir, "config.toml"), text+"\n")).CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 || !strings.Contains(string(out), "ok       notifier \"slack\"") {
		t.Errorf("check: %v\n%s", err, out)
	}
	documents(t, "docker/compose.yaml")
}

// Every line that troubleshooting.md quotes is one that the program prints.
func TestTroubleshooting(t *testing.T) {
	var source strings.Builder
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			source.WriteString(testkit.Read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	joined := regexp.MustCompile(`" \+\s+"`).ReplaceAllString(source.String(), "") // sentences on several lines
	// What a line says between what varies in it: keys, paths, numbers. The
	// last one is the kernel's.
	variable := regexp.MustCompile(` [a-z_]+=.*|…|\d+|/\S+|: |; |, |"|[a-z_]+\.[a-z_]+|no space left on device`)
	quoted := 0
	text := testkit.Read(t, filepath.Join(root, "docs", "troubleshooting.md"))
	for _, block := range regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			if strings.HasPrefix(line, "systemd: ") {
				continue
			}
			for _, part := range variable.Split(strings.TrimSpace(line), -1) {
				part = strings.TrimSpace(part)
				if len(part) < 8 || part == "jira-oauth-watcher" {
					continue
				}
				quoted++
				if !strings.Contains(joined, part) {
					t.Errorf("nobody says %q", part)
				}
			}
		}
	}
	if quoted < 20 {
		t.Errorf("only %d pieces of lines were looked at", quoted)
	}
}
