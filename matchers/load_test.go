package matchers_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// load is the catalogue with one file of causes of the operator's own.
func load(t *testing.T, own string) (*matchers.Set, error) {
	t.Helper()
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "own.toml"), own)
	return matchers.Load(dir)
}

func mustLoad(t *testing.T, own string) *matchers.Set {
	t.Helper()
	s, err := load(t, own)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every built-in cause matches its samples and no others. This is the proof that
// a start leaves out.
func TestBuiltinProved(t *testing.T) {
	if _, err := matchers.Proved(); err != nil {
		t.Error(err)
	}
}

// Every complaint about a file of causes is exactly what its golden file says,
// with the place of the mistake; a catalogue with a mistake is never active.
func TestComplaints(t *testing.T) {
	files, err := filepath.Glob("testdata/complaints/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := testkit.Read(t, file)
			dir := t.TempDir()
			testkit.Write(t, filepath.Join(dir, filepath.Base(file)), text)
			s, err := matchers.Load(dir)
			if _, ok := err.(conf.Problems); !ok || s != nil {
				t.Fatalf("Load gives %v and the error %v, want no catalogue and problems", s, err)
			}
			got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "") + "\n"
			testkit.Golden(t, strings.TrimSuffix(file, ".toml")+".golden", got)
		})
	}
}

// What cannot be read is an error, and never a catalogue without the
// operator's causes.
func TestUnreadableCauses(t *testing.T) {
	dir := t.TempDir()
	check := func(dir, want string) {
		t.Helper()
		s, err := matchers.Load(dir)
		if s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%s) = %v, %v, want an error with %q", dir, s, err, want)
		}
	}
	check(filepath.Join(dir, "absent"), "no such file")
	file := filepath.Join(dir, "a.toml")
	if err := os.WriteFile(file, make([]byte, matchers.MaxCauseFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	check(dir, "a.toml is larger than 1048576 bytes")
	check(file, "not a directory")
	os.Remove(file)
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	check(dir, "a.toml is not a file")
	os.Remove(file)
	if err := os.Symlink("absent", file); err != nil {
		t.Fatal(err)
	}
	check(dir, "no such file")
}

// A directory may have any name and hold other files too.
func TestCausesDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[causes] *.d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.toml": own, "b.toml.bak": "x", "README": "x", "c.toml": ""} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	s, err := matchers.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Cause("own-firewall"); !ok {
		t.Error("the cause of a.toml is not in the catalogue")
	}
}

const own = `
[[cause]]
id = "own-firewall"
provider = "any"
title = "Our firewall"
severity = "low"
confidence = "likely"
tier = "wrapper"
codes = ["AADSTS7000222"]
patterns = ['(?i)blocked by fw\d+']
diagnosis = "Our firewall answered: {message,exception|nothing}"
confirm = "It works."

[[cause.fix]]
where = "network-admin"
text = "{@entra-app} > call us."

[[cause.sample]]
match = true
text = "AADSTS28000: blocked by FW7 java.net.SocketException: Connection reset"
`

// A cause of the operator's own is tried before all others, whatever its tier;
// the others stay as they are.
func TestOwnCause(t *testing.T) {
	s := mustLoad(t, own)
	f := diagnose(t, s, carrier("AADSTS28000: PKIX path building failed, blocked by fw3"))
	if f.Cause.ID != "own-firewall" || f.Signal != `(?i)blocked by fw\d+` || !reflect.DeepEqual(f.Also, []string{"entra-scopes-multiple-resources"}) {
		t.Errorf("got %s by %q, also %q", f.Cause.ID, f.Signal, f.Also)
	}
	if f := diagnose(t, s, carrier("AADSTS28000: x AADSTS7000222: y")); f.Cause.ID != "own-firewall" || f.Codes[0] != "AADSTS7000222" {
		t.Errorf("by code: %s, codes %q", f.Cause.ID, f.Codes)
	}
	var got, want []string
	for _, c := range s.Causes() {
		got = append(got, c.ID)
	}
	want = append(want, "own-firewall")
	for _, c := range builtin(t).Causes() {
		want = append(want, c.ID)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Causes\n got %q\nwant %q", got, want)
	}
	for _, a := range articles {
		var f matchers.Failure
		if a.signal == "" {
			f = s.Text(kb(t, a.file)).Failure
		} else {
			f = diagnose(t, s, kb(t, a.file))
		}
		if diff := a.same(f); diff != "" {
			t.Errorf("%s: %s", a.file, diff)
		}
	}
}

// A cause of the operator's own may take a built-in one's code over.
func TestOwnCauseTakesCode(t *testing.T) {
	s := mustLoad(t, strings.Replace(own, "AADSTS7000222", "AADSTS50194", 1))
	if f := diagnose(t, s, kb(t, "rc1-aadsts50194.log")); f.Cause.ID != "own-firewall" {
		t.Errorf("AADSTS50194 is explained by %s", f.Cause.ID)
	}
}

// A cause with a built-in ID replaces the keys it gives, and no others.
func TestOverride(t *testing.T) {
	const id = "net-connection-reset"
	before, _ := builtin(t).Cause(id)
	after, _ := mustLoad(t, `
[[cause]]
id = "net-connection-reset"
severity = "critical"
[[cause.link]]
title = "Our wiki"
url = "https://wiki.example/firewall"
`).Cause(id)
	want := *before
	want.Severity = conf.SeverityCritical
	want.Links = []alert.Link{{Title: "Our wiki", URL: "https://wiki.example/firewall"}}
	if got, want := exported(*after), exported(want); !reflect.DeepEqual(got, want) {
		t.Errorf("overridden\n got %+v\nwant %+v", got, want)
	}
	all := mustLoad(t, `
[[cause]]
id = "net-connection-reset"
root_cause = 9
provider = "google"
title = "T"
confidence = "likely"
tier = "provider"
codes = ["AADSTS9999"]
patterns = ['no such text']
diagnosis = "D {code}"
confirm = "C"
[[cause.fix]]
where = "mailbox-owner"
text = "F"
[[cause.sample]]
match = true
text = "AADSTS9999"
`)
	got, _ := all.Cause(id)
	want = matchers.Cause{ID: id, RootCause: 9, Provider: "google", Title: "T", Severity: before.Severity, Confidence: "likely", Codes: []string{"AADSTS9999"},
		Diagnosis: "D {code}", Confirm: "C", Fix: []matchers.Step{{Text: "F", Where: "mailbox-owner"}}, Links: before.Links}
	if got, want := exported(*got), exported(want); !reflect.DeepEqual(got, want) {
		t.Errorf("overridden\n got %+v\nwant %+v", got, want)
	}
	if f := diagnose(t, all, carrier("java.net.SocketException: Connection reset")); f.Cause.ID != matchers.Unknown {
		t.Errorf("the old pattern still finds %s", f.Cause.ID)
	}
	const both = "javax.net.ssl.SSLException: Connection reset, PKIX path building failed"
	for tier, want := range map[string]string{"proxy": id, "mail": "tls-certificate-untrusted"} {
		tiered := mustLoad(t, "[[cause]]\nid = 'net-connection-reset'\ntier = '"+tier+"'\n")
		if f := diagnose(t, tiered, carrier(both)); f.Cause.ID != want {
			t.Errorf("in the tier %s: explained by %s, want %s", tier, f.Cause.ID, want)
		}
	}
	unknown := mustLoad(t, "[[cause]]\nid = 'unknown'\ntitle = 'Call the help desk'\n")
	if f := diagnose(t, unknown, carrier("Something new.")); f.Cause.Title != "Call the help desk" || f.Certain() {
		t.Errorf("the unknown cause is %+v", f.Cause)
	}
}

// exported are the fields of a cause that a caller sees.
func exported(c matchers.Cause) []any {
	return []any{c.ID, c.RootCause, c.Provider, c.Title, c.Severity, c.Confidence, c.Codes, c.Diagnosis, c.Fix, c.Confirm, c.Links}
}
