package jiraoauthprocessor

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// settings are the default configuration with some keys.
func settings(t *testing.T, keys map[string]any) *Config {
	t.Helper()
	c := NewFactory().CreateDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(keys).Unmarshal(c); err != nil {
		t.Fatal(err)
	}
	if err := confmap.Validate(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// process is what comes out of the processor.
func process(t *testing.T, keys map[string]any, in plog.Logs) []plog.Logs {
	t.Helper()
	var sink consumertest.LogsSink
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(component.MustNewType("jira_oauth")), settings(t, keys), &sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	if err := p.ConsumeLogs(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sink.AllLogs()
}

// records are log records of one host with these bodies.
func records(bodies ...string) plog.Logs {
	logs := plog.NewLogs()
	r := logs.ResourceLogs().AppendEmpty()
	r.Resource().Attributes().PutStr("host.name", "jira-node-1")
	s := r.ScopeLogs().AppendEmpty()
	for _, body := range bodies {
		l := s.LogRecords().AppendEmpty()
		l.Body().SetStr(body)
		l.Attributes().PutStr("log.file.name", "atlassian-jira.log")
	}
	return logs
}

func record(logs plog.Logs, i int) plog.LogRecord {
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(i)
}

// described are the attributes that one record gets from the processor.
func described(t *testing.T, keys map[string]any, in plog.Logs) map[string]any {
	t.Helper()
	all := record(process(t, keys, in)[0], 0).Attributes().AsRaw()
	maps.DeleteFunc(all, func(name string, _ any) bool { return !strings.HasPrefix(name, prefix) })
	return all
}

// The factory is as metadata.yaml says, which has every attribute, and the collector's own checks
// of a component pass.
func TestFactory(t *testing.T) {
	f := NewFactory()
	if err := componenttest.CheckConfigStruct(f.CreateDefaultConfig()); err != nil {
		t.Error(err)
	}
	processortest.VerifyShutdown(t, f, f.CreateDefaultConfig())
	metadata, err := confmaptest.LoadConf("metadata.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if kind := metadata.Get("type"); kind != f.Type().String() || f.LogsStability() != component.StabilityLevelAlpha {
		t.Errorf("metadata.yaml has the type %v, want %s", kind, f.Type())
	}
	example, err := metadata.Sub("tests::config")
	if err != nil {
		t.Fatal(err)
	}
	settings(t, example.ToStringMap())
	known := metadata.Get("attributes").(map[string]any)
	flow := testkit.FailureAt(1, 0, testkit.BadSecret)
	for name := range described(t, map[string]any{"integrations": map[string]any{testkit.FlowID(1): "Help desk"}}, records(flow)) {
		if known[name] == nil {
			t.Errorf("metadata.yaml lacks %s", name)
		}
		delete(known, name)
	}
	delete(known, prefix+"root_cause")
	if len(known) != 0 {
		t.Errorf("no record has the attributes %v of metadata.yaml", slices.Sorted(maps.Keys(known)))
	}
}

// Each of the eight root causes of Atlassian's article gets its number, a diagnosis and the steps
// that the program itself gives.
func TestRootCauses(t *testing.T) {
	samples, err := filepath.Glob("../testdata/kb/rc*.log")
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples", err)
	}
	causes, err := matchers.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range samples {
		text := testkit.Read(t, sample)
		if !causes.Diagnose(text, nil).Headed { // an error text alone
			text = testkit.FailureAt(1, 0, text)
		}
		want, _ := strconv.Atoi(filepath.Base(sample)[2:3])
		got := described(t, nil, records(strings.TrimSuffix(text, "\n")))
		steps, _ := got[prefix+"steps"].([]any)
		advice := causes.Diagnose(text, nil).Failure.Cause.Fix
		if got[prefix+"root_cause"] != int64(want) || got[prefix+"diagnosis"] == nil || len(steps) == 0 || len(steps) < len(advice) {
			t.Errorf("%s: %v, want root cause %d and at least %d steps", sample, got, want, len(advice))
			continue
		}
		if who := message.Actor(advice[0].Where) + ": "; !strings.HasPrefix(steps[0].(string), who) {
			t.Errorf("%s: step %q, want one that begins with %q", sample, steps[0], who)
		}
	}
}

// A record that is no failure passes as it is, whatever its body is, and with only_failures it does
// not pass.
func TestOtherRecords(t *testing.T) {
	in := records(testkit.Ordinary, "", "AADSTS7000215: in an issue's title", `{"log":3}`, strings.Repeat("x", 1<<20))
	at := func(i int) pcommon.Value { return record(in, i).Body() }
	at(1).SetInt(7)
	at(3).SetEmptyMap().PutEmptySlice("log").AppendEmpty().SetEmptyBytes().FromRaw([]byte{0xff})
	in.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	var encoder plog.ProtoMarshaler
	before, err := encoder.MarshalLogs(in)
	if err != nil {
		t.Fatal(err)
	}
	only := plog.NewLogs()
	in.CopyTo(only)
	after, err := encoder.MarshalLogs(process(t, nil, in)[0])
	if err != nil || string(before) != string(after) {
		t.Errorf("the records are changed: %v", err)
	}
	if out := process(t, map[string]any{"only_failures": true}, only); len(out) != 0 {
		t.Errorf("%d batches pass, want none", len(out))
	}
	mixed := process(t, map[string]any{"only_failures": true}, records(testkit.Ordinary, testkit.FailureAt(1, 0, testkit.BadSecret)))
	if len(mixed) != 1 || mixed[0].LogRecordCount() != 1 || !strings.Contains(record(mixed[0], 0).Body().Str(), testkit.FlowID(1)) {
		t.Errorf("of a failure and another record %v pass, want the failure", mixed)
	}
}

// Secrets and what the operator masks are in no attribute; the record itself is not changed.
func TestRedacted(t *testing.T) {
	const secret = "client_secret=Xq8Q~3hUs9sR1zK4mW7vT2yB5nE6pL0dJcFgHa"
	text := testkit.FailureAt(1, 0, "AADSTS700016: Application with identifier 'x' was not found in the directory 'contoso.example'. "+secret)
	for _, mask := range [][]any{nil, {"user", "ip", "host"}} {
		out := process(t, map[string]any{"mask": mask}, records(text))[0]
		if body := record(out, 0).Body().Str(); body != text {
			t.Errorf("the body is %q", body)
		}
		for name, value := range record(out, 0).Attributes().All() {
			for _, hidden := range []string{"Xq8Q", "jira-node-1", "10.0.0.1"} {
				if strings.Contains(value.AsString(), hidden) {
					t.Errorf("%s has %q: %s", name, hidden, value.AsString())
				}
			}
		}
	}
	unknown := testkit.FailureAt(1, 0, "something new for admin at jira-node-1, "+secret)
	got := described(t, map[string]any{"mask": []any{"user", "host"}}, records(unknown))
	if d, _ := got[prefix+"diagnosis"].(string); !strings.Contains(d, "[user]") || !strings.Contains(d, "[host]") || !strings.Contains(d, "[redacted]") {
		t.Errorf("diagnosis %q, want user, host and secret masked", d)
	}
}

// What a record pretends to be diagnosed as is replaced.
func TestForgedAttributes(t *testing.T) {
	in := records(testkit.FailureAt(1, 0, testkit.BadSecret))
	for _, name := range []string{"root_cause", "cause", "made_up"} {
		record(in, 0).Attributes().PutStr(prefix+name, "forged")
	}
	for name, value := range described(t, nil, in) {
		if value == "forged" {
			t.Errorf("%s is still forged", name)
		}
	}
}

// Bodies as other shippers write them: a map with the line in it, and events of a mail log.
func TestShippers(t *testing.T) {
	fluent := records("")
	record(fluent, 0).Body().SetEmptyMap().PutStr("log", testkit.FailureAt(2, 0, testkit.BadTLS))
	if got := described(t, nil, fluent); got[prefix+"cause"] != "tls-certificate-untrusted" {
		t.Errorf("a map with the line: %v", got)
	}
	asBytes := records("")
	record(asBytes, 0).Body().SetEmptyBytes().FromRaw([]byte(testkit.FailureAt(2, 0, testkit.BadTLS)))
	if got := described(t, nil, asBytes); got[prefix+"cause"] != "tls-certificate-untrusted" {
		t.Errorf("bytes: %v", got)
	}
	for sample, causes := range map[string][]string{
		"fluent-bit":        {"", "entra-client-secret-invalid"},
		"fluent-bit-record": {"tls-certificate-untrusted"},
		"vector":            {"entra-client-secret-invalid"},
	} {
		in, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(testkit.Read(t, "../testdata/shippers/"+sample+".json")))
		if err != nil {
			t.Fatal(err)
		}
		out := process(t, nil, in)[0]
		for i, want := range causes {
			if got := textOf(record(out, i).Attributes(), prefix+"cause"); got != want {
				t.Errorf("%s, record %d: cause %q, want %q", sample, i, got, want)
			}
		}
	}
	mail := "2023-08-16 14:58:26,225+0000 ERROR [365 IMAP] Caesium-1-4 ServiceRunner Exception when MailPullerWorker pulls emails: " +
		"AUTHENTICATE failed. (XOAUTH2)"
	in := records(mail)
	record(in, 0).Attributes().PutStr("log.file.name", "atlassian-jira-incoming-mail.log.1")
	if got := described(t, nil, in); got[prefix+"cause"] != "mail-authenticate-failed" || got[prefix+"phase"] != "mail" {
		t.Errorf("a mail log: %v", got)
	}
	if got := described(t, nil, records(mail)); len(got) != 0 {
		t.Errorf("the words of a mail log in another log: %v", got)
	}
}

const ownCause = `
[[cause]]
id = "corp-proxy-maintenance"
provider = "any"
title = "The outbound proxy is down for maintenance"
severity = "medium"
confidence = "certain"
tier = "proxy"
patterns = ['HTTP/1\.1 503 Maintenance']
diagnosis = "The proxy's maintenance window is active."
confirm = "Test connection in Jira succeeds after the window."
[[cause.fix]]
where = "network-admin"
text = "Wait. No change in Jira is required."
[[cause.sample]]
match = true
text = 'java.io.IOException: Proxy returns "HTTP/1.1 503 Maintenance"'
[[cause.sample]]
match = false
text = 'java.io.IOException: Proxy returns "HTTP/1.1 503 Service Unavailable"'
`

// The operator's own causes count, and causes that fail their samples keep the collector from
// starting.
func TestOwnCauses(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "corp.toml"), ownCause)
	text := testkit.FailureAt(1, 0, `java.io.IOException: Proxy returns "HTTP/1.1 503 Maintenance"`)
	if got := described(t, map[string]any{"causes_dir": dir}, records(text)); got[prefix+"cause"] != "corp-proxy-maintenance" {
		t.Errorf("cause %v", got[prefix+"cause"])
	}
	testkit.Write(t, filepath.Join(dir, "corp.toml"), strings.Replace(ownCause, "match = false", "match = true", 1))
	config := settings(t, map[string]any{"causes_dir": dir})
	_, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(NewFactory().Type()), config, consumertest.NewNop())
	if err == nil || !strings.Contains(err.Error(), "corp.toml:") {
		t.Errorf("error %v, want one that names the file and the line", err)
	}
}

// A wrong setting is refused with a sentence that names the key and says what to write.
func TestWrongSettings(t *testing.T) {
	file := testkit.Write(t, filepath.Join(t.TempDir(), "x.toml"), "")
	for _, tt := range []struct {
		key   string
		value any
		want  []string
	}{
		{"mask", []any{"names"}, []string{"mask", "names", "user"}},
		{"time_zone", "Paris", []string{"time_zone", "Paris", "Europe/Paris"}},
		{"causes_dir", "/does/not/exist", []string{"causes_dir", "/does/not/exist"}},
		{"causes_dir", file, []string{"causes_dir", "not a directory"}},
		{"only_failure", true, []string{"only_failure"}},
		{"only_failures", "perhaps", []string{"only_failures"}},
	} {
		c := NewFactory().CreateDefaultConfig().(*Config)
		err := confmap.NewFromStringMap(map[string]any{tt.key: tt.value}).Unmarshal(c)
		if err == nil {
			err = confmap.Validate(c)
		}
		for _, word := range tt.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s = %v: %v, want an error with %q", tt.key, tt.value, err, word)
			}
		}
	}
}

// What the processor costs: nearly every record is none of the flow.
func BenchmarkRecords(b *testing.B) {
	for name, body := range map[string]string{"ordinary": testkit.Ordinary, "failure": testkit.FailureAt(1, 0, testkit.BadSecret)} {
		b.Run(name, func(b *testing.B) {
			p, err := NewFactory().CreateLogs(b.Context(), processortest.NewNopSettings(NewFactory().Type()),
				NewFactory().CreateDefaultConfig(), consumertest.NewNop())
			if err != nil {
				b.Fatal(err)
			}
			logs := records(slices.Repeat([]string{body}, 100)...)
			for b.Loop() {
				if err := p.ConsumeLogs(b.Context(), logs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/record")
		})
	}
}
