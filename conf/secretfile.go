package conf

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/text"
)

// credentialPrefix is what systemd puts before the names of the files in the
// unit's directory of credentials.
const credentialPrefix = "jira-oauth-watcher_"

const (
	maxSecret       = 64 << 10
	maxCertificates = 1 << 20 // all public CAs together take a quarter
)

// secret completes the value of key, given in place or in the file that key_file
// names, whose name it is so far. The path is that of the one it comes from. A
// secret that has a problem, or is not given, is zero.
func (b *builder) secret(at, key string, s *Secret) (path string) {
	keyPath, filePath := at+"."+key, at+"."+key+"_file"
	switch {
	case b.source.Has(keyPath) && b.source.Has(filePath):
		b.problem(filePath, "%s is also set, at line %d, remove one of them", key,
			b.source.location(keyPath).value.line)
		*s = Secret{}
	case b.good(keyPath):
		if s.IsZero() {
			b.problem(keyPath, "empty, write the value or remove the key")
		}
		if key != "url" { // which may be no secret
			b.holdsSecret(keyPath)
		}
		return keyPath
	case b.good(filePath):
		*s = b.secretFile(filePath, s.Reveal())
		return filePath
	}
	return ""
}

func (b *builder) secretFile(path, name string) Secret {
	found, content := b.read(path, name, maxSecret)
	if found == "" {
		return Secret{}
	}
	content, cut := bytes.CutSuffix(content, []byte("\n"))
	if cut {
		content = bytes.TrimSuffix(content, []byte("\r"))
	}
	lines := strings.Split(string(content), "\n")
	blank := slices.IndexFunc(lines, text.Blank)
	switch {
	case len(bytes.TrimSpace(content)) == 0:
		b.problem(path, "%s is empty", found)
	case len(lines) > 1 && blank >= 0:
		b.problem(path, "%s has %d lines, and line %d is blank: write the secret alone, on one line",
			found, len(lines), blank+1)
	case len(lines) > 1:
		b.problem(path, "%s has %d lines: write the secret alone, on one line", found, len(lines))
	case len(bytes.TrimSpace(content)) < len(content):
		b.problem(path, "%s has spaces before or after the secret, remove them", found)
	default:
		return NewSecret(string(content))
	}
	return Secret{}
}

// certificates completes the path of a file that holds certificates, and reads it.
// There is no content when it has a problem.
func (b *builder) certificates(path string, name *string) (content []byte) {
	if !b.good(path) {
		return nil
	}
	found, content := b.read(path, *name, maxCertificates)
	if found == "" {
		return nil
	}
	*name = b.whole(path, found)
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		b.problem(path, "%s contains no certificate in PEM format", found)
		return nil
	}
	return content
}

// whole is the absolute path of a file, which may have been found next to a
// configuration that was named relatively.
func (b *builder) whole(path, found string) string {
	whole, err := filepath.Abs(found)
	if err != nil {
		b.problem(path, "%s: %v", found, err)
	}
	return whole
}

// read finds and reads a file that the configuration names: with the limit maxSecret, that of a secret.
// A problem is noted, and found is "" then.
func (b *builder) read(path, name string, limit int64) (found string, content []byte) {
	if complaint := badFileName(name); complaint != "" {
		b.problem(path, "%s", complaint)
		return "", nil
	}
	candidates := b.candidates(name)
	loaded := "" // the directory of the credentials that systemd has loaded, which only root can list
	if os.Getenv("CREDENTIALS_DIRECTORY") != "" {
		loaded = filepath.Join(filepath.Dir(b.conf.File), "credentials")
	}
	for _, c := range candidates {
		content, mode, err := readRegular(c, limit)
		if errors.Is(err, fs.ErrNotExist) || (errors.Is(err, fs.ErrPermission) && within(loaded, c)) {
			continue
		}
		if err != nil {
			b.problem(path, "%s %v", c, err)
			return "", nil
		}
		if limit == maxSecret && open(mode) && !within(os.Getenv("CREDENTIALS_DIRECTORY"), c) {
			b.warn("%s: %s can be read by other users (mode %04o), run: chmod 600 %[2]s", withoutIndexes(path), c, mode.Perm())
		}
		b.conf.Files = append(b.conf.Files, b.whole(path, c))
		return c, content
	}
	missing := "there is no file " + strings.Join(candidates, " and no ")
	if limit == maxSecret { // else it is not pasted
		put := candidates[len(candidates)-1]
		if _, err := os.Stat(filepath.Dir(put)); err != nil && len(candidates) > 1 {
			put = candidates[len(candidates)-2]
		}
		missing += ", create it with: install -m 0600 /dev/stdin " + put
	}
	if loaded != "" && !filepath.IsAbs(name) {
		missing += "; systemd reads the files in " + loaded + " only when the service starts, " +
			"so restart the service after you change them"
	}
	b.problem(path, "%s", missing)
	return "", nil
}

var looksSecret = regexp.MustCompile(`://|^whsec_|^xox|^xapp`)

// badFileName says what is wrong with a name, before it is shown anywhere.
func badFileName(name string) string {
	switch {
	case name == "":
		return "empty, write the name of a file"
	case strings.HasPrefix(name, "-----BEGIN"):
		return "expected the name of a file, not its content"
	case looksSecret.MatchString(name):
		return "expected the name of a file; the value itself belongs to the key without _file"
	case !printable(name):
		return "contains an unprintable character"
	}
	return ""
}

// candidates are the paths at which a file is searched for, in their order.
func (b *builder) candidates(name string) []string {
	if filepath.IsAbs(name) {
		return []string{name}
	}
	var places []string
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		// LoadCredential=jira-oauth-watcher:DIRECTORY, as in our unit, puts
		// its own name in front of each file's (systemd.exec(5)).
		places = append(places, filepath.Join(dir, name), filepath.Join(dir, credentialPrefix+name))
	}
	// Next to the configuration, and in the directory there that the unit's
	// LoadCredential reads: when a person runs check, systemd has not loaded it.
	beside := filepath.Dir(b.conf.File)
	return append(places, filepath.Join(beside, name), filepath.Join(beside, "credentials", name))
}

// readRegular reads a file whole. The error continues a sentence that begins
// with the file's name.
func readRegular(name string, limit int64) ([]byte, fs.FileMode, error) {
	content, mode, err := readFile(name, limit)
	switch {
	case errors.Is(err, errNotRegular):
		return nil, 0, fmt.Errorf("is %w", err)
	case err != nil:
		return nil, 0, fmt.Errorf("cannot be read: %w", text.WithoutPath(err))
	case int64(len(content)) > limit:
		return nil, 0, fmt.Errorf("is larger than %d bytes", limit)
	}
	return content, mode, nil
}

var errNotRegular = errors.New("not a regular file")

// readFile reads at most one byte more than limit.
func readFile(name string, limit int64) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(name) // before it is opened: a pipe would block
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, info.Mode(), errNotRegular
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	return content, info.Mode(), err
}

// open reports whether others than the owner and the group can use a file. On Windows, the mode
// does not show that.
func open(mode fs.FileMode) bool { return runtime.GOOS != "windows" && mode&0o007 != 0 }

func within(dir, path string) bool {
	if dir == "" {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
