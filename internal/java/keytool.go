package java

import (
	"path/filepath"
	"regexp"
	"strings"
)

// PasswordPlaceholder is in a command where its reader must put the trust store's password.
const PasswordPlaceholder = "TRUST_STORE_PASSWORD"

// Import is the complete command, one line for sh, that adds the certificate in a PEM file to this JVM's trust
// store, "" if no store was found. A password that is not the well-known "changeit" is PasswordPlaceholder. Jira
// reads the store when it starts: restart it afterwards.
func (j *JVM) Import(alias, pemPath string) string {
	if j.Store == "" {
		return ""
	}
	tool, password := "keytool", PasswordPlaceholder
	if j.Home != "" {
		tool = Quote(filepath.Join(j.Home, "bin", "keytool"))
	}
	if s, err := j.Trust(); err == nil && (s.open || s.password == known) {
		password = known
	}
	return tool + " -importcert -noprompt -trustcacerts -alias " + Quote(alias) + " -file " + Quote(pemPath) +
		" -keystore " + Quote(j.Store) + " -storepass " + password
}

// ImportInContainer is the same for a Jira container named "jira", on one line with the restart. What it changes is
// lost with the container: the lines after "#" belong in the image's Dockerfile.
func (j *JVM) ImportInContainer(alias, pemPath string) string {
	const args = " -importcert -noprompt -trustcacerts -cacerts -storepass changeit -alias "
	file := "/tmp/" + filepath.Base(pemPath)
	run := `"$JAVA_HOME/bin/keytool"` + args + Quote(alias) + " -file " + Quote(file)
	return "docker cp " + Quote(pemPath) + " " + Quote("jira:"+file) + " && docker exec -u root jira sh -c " + Quote(run) +
		" && docker restart jira\n# COPY " + filepath.Base(pemPath) + " " + file + "\n# RUN " + run
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// Quote makes one word of a shell.
func Quote(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
