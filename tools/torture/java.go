package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed java
var javaFiles embed.FS

func writeLog4j1(ctx context.Context, l load) (outcome, error) {
	return writeJava(ctx, l, "log4j.properties", "-Dlog4j.configuration=file:", log4j1Jar.path)
}

// writeLog4j2 goes through log4j's own bridge from the 1.2 interface, as Jira does.
func writeLog4j2(ctx context.Context, l load) (outcome, error) {
	const jars = "/usr/share/java/log4j-1.2-api.jar:/usr/share/java/log4j-api.jar:"
	return writeJava(ctx, l, "log4j2.xml", "-Dlog4j2.configurationFile=", jars+log4j2Jar.path)
}

// writeJava runs Writer.java with a real log4j, which rotates by itself.
func writeJava(ctx context.Context, l load, conf, option, jars string) (outcome, error) {
	settings := filepath.Join(l.dir, conf)
	source := filepath.Join(l.dir, "Writer.java")
	t, err := template.ParseFS(javaFiles, "java/"+conf)
	if err != nil {
		return outcome{}, err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{"Path": l.path, "Bytes": l.rotateBytes(), "Backups": l.backups})
	if err != nil {
		return outcome{}, err
	}
	program, err := javaFiles.ReadFile("java/Writer.java")
	if err != nil {
		return outcome{}, err
	}
	for name, data := range map[string][]byte{settings: []byte(b.String()), source: program} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return outcome{}, err
		}
	}
	cmd := exec.CommandContext(ctx, "java", "-Xmx64m", "-cp", jars, option+settings, source,
		strconv.FormatInt(l.lines, 10), strconv.FormatInt(l.rate, 10), text)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return outcome{}, fmt.Errorf("java: %w: %s", err, stderr.String())
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || stderr.Len() > 0 {
		return outcome{}, fmt.Errorf("java said %q, %q", out, stderr.String())
	}
	return outcome{written: n}, nil
}
