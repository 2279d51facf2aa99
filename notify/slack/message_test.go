package slack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

// Whatever an alert says, its message is within Slack's limits and can neither
// mention anybody nor forge a link, and neither can its plain form elsewhere.
func TestSlackMonsters(t *testing.T) {
	testkit.Pure(t)
	for name, text := range alerttest.Monsters {
		for _, kind := range alerttest.SomeKinds() {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				for _, times := range []int{0, 4, min(61, 1+300_000/(len(text)+1))} {
					a := alerttest.Monstrous(kind, text, times)
					sound(t, a.Data)
				}
			})
		}
	}
}

// Thousands of everything are no more than some.
func TestSlackThousands(t *testing.T) {
	testkit.Pure(t)
	a := alerttest.Monstrous(alert.Storm, "many words, and more of them", 5001)
	sound(t, a.Data)
	if all := strings.Join(texts(t, drawn(t, a.Data, slack.Look{})), "\n"); !strings.Contains(all, " more steps, see the links.") ||
		!strings.Contains(all, "and 4961 more") {
		t.Errorf("got %s", all)
	}
}

// Any mixture of pieces in any field is a valid message.
func TestSlackMixtures(t *testing.T) {
	testkit.Pure(t)
	pieces := []string{"", " ", "word ", "*", "_a_", "~", "`", "```", "<", ">", "&", "&lt;", "|", "\n", "\\", "\"", "\x00", "\u202e", "\u200b", "\u3164", "🔴",
		"👩‍🚀", "\xff", "@all", "<!here>",
		"](http://x)", ": ", " > ", "Jira ⚙ > System > ", "https://x.example/a_b?c=d&e=<f>", "AADSTS50194", "11111111-2222-3333-4444-555555555555", "curl -s ",
		"keytool -list ", "invalid_grant", "\tat a.b(c)\n", strings.Repeat("long ", 300)}
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	list := func() (out []string) {
		for range r.IntN(15) {
			out = append(out, text())
		}
		return out
	}
	for range 120 {
		at := time.Unix(r.Int64N(4e9)-1e6, 0)
		a := alerttest.Alert(alerttest.AllKinds[r.IntN(len(alerttest.AllKinds))])
		d := &a.Data
		d.ID, d.Node, d.Diagnosis, d.Confirm, d.Cause.Title, d.Cause.ID, d.Request.User, d.Log.Path, d.Log.Excerpt = alert.ID(text()), text(), text(), text(),
			text(), text(), text(), text(), text()
		d.Integration = alert.Integration{ID: text(), Name: new(text())}
		d.Cause.Codes, d.Cause.Previous, d.Cause.Confidence, d.Cause.Severity = list(), new(text()), []string{"likely", "certain", text()}[r.IntN(3)],
			conf.Severity(r.IntN(5))
		d.Acknowledged = &alert.Acknowledged{By: text(), UserID: []string{"U0123ABCD", text()}[r.IntN(2)], At: at}
		d.Failures = alert.Failures{Count: r.IntN(5), SinceLastAlert: r.IntN(3), First: at, Last: []time.Time{{}, at}[r.IntN(2)]}
		d.Facts = map[string]any{"integrations": list(), "integrations_count": text(), "alternates_with": []any{text(), 7, nil}, "code": 7}
		for _, name := range alerttest.FactNames[:r.IntN(len(alerttest.FactNames))] {
			d.Facts[name] = []any{text(), list(), []any{text(), text()}, r.IntN(9), nil}[r.IntN(5)]
		}
		d.Fix, d.Links = nil, nil
		for _, s := range list() {
			d.Fix = append(d.Fix, alert.Step{Text: s, Where: []string{"jira-admin", "jira-host", s}[r.IntN(3)]})
			d.Links = append(d.Links, alert.Link{Title: s, URL: []string{"https://x.example/", "javascript:", "https://", ""}[r.IntN(4)] + text()})
		}
		sound(t, *d)
		if t.Failed() {
			t.Fatalf("%#v", *d)
		}
	}
}

// Commands, names and ways through menus stand out, and nothing else.
func TestSlackProse(t *testing.T) {
	for text, want := range map[string]string{
		"Run openssl s_client -connect a.example:443 </dev/null (Google: b.example).": "`openssl s_client -connect a.example:443 </dev/null`",
		"keytool -list with the alias shows it.":                                      "`keytool -list`",
		"Correct it in Jira ⚙ > System > OAuth 2.0: now.":                             "*Jira ⚙ > System > OAuth 2.0*",
		"Edit (Jira 8: ⚙ > System) > Scopes: https://a.example/X.All offline_access.": "*⚙ > System* *> Scopes* `https://a.example/X.All offline_access`",
		"set it to https://a.example/<TENANT_ID>/token, with your ID for <TENANT_ID>": "`https://a.example/<TENANT_ID>/token` `<TENANT_ID>`",
		"Add -Dhttps.proxyHost=<host> to JVM_SUPPORT_RECOMMENDED_ARGS.":               "`-Dhttps.proxyHost=<host>` `JVM_SUPPORT_RECOMMENDED_ARGS`",
		"there is nothing > special here, 1 > 0.":                                     "",
	} {
		a := alerttest.Alert(alert.Opened)
		a.Data.Confirm = ""
		a.Data.Fix = []alert.Step{{Text: text, Where: "jira-admin"}}
		var m struct {
			Blocks []struct {
				ID       string `json:"block_id"`
				Elements []struct {
					Elements []struct {
						Elements []struct {
							Text  string
							Style struct{ Bold, Code bool }
						}
					}
				}
			}
		}
		// Names of groups have no third level, steps do.
		json.Unmarshal(drawn(t, a.Data, slack.Look{}), &m)
		var got []string
		whole := ""
		for _, b := range m.Blocks {
			if b.ID != "steps" {
				continue
			}
			for _, e := range b.Elements[1].Elements[0].Elements {
				whole += e.Text
				if e.Style.Bold {
					got = append(got, "*"+e.Text+"*")
				}
				if e.Style.Code {
					got = append(got, "`"+e.Text+"`")
				}
			}
		}
		if s := strings.Join(got, " "); s != want || whole != text {
			t.Errorf("%s\n got %s\nwant %s", text, s, want)
		}
	}
}

// sound checks every form of a message.
func sound(t testing.TB, d alert.Data) {
	t.Helper()
	for _, l := range escaped {
		valid(t, drawn(t, d, l.options), d, l.options)
	}
	neutral(t, slack.DrawPlain(d, ""), "")
}

// What the receiver gets is what was drawn, with and without blocks.
func TestSlackPayload(t *testing.T) {
	a := alerttest.Alert(alert.Changed)
	blocks, plain := payloads(t, a)
	valid(t, blocks, a.Data, slack.Look{})
	valid(t, plain, a.Data, slack.Look{})
	var want, got, bare map[string]any
	for payload, into := range map[string]*map[string]any{string(drawn(t, a.Data, slack.Look{})): &want, string(blocks): &got, string(plain): &bare} {
		if err := json.Unmarshal([]byte(payload), into); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if bare["blocks"] != nil || bare["unfurl_links"] != false {
		t.Errorf("without blocks got %v", bare)
	}
	for _, s := range append(a.Data.Fix, alert.Step{Text: a.Data.Confirm}, alert.Step{Text: a.Data.Cause.Title}) {
		if text, _ := bare["text"].(string); !strings.Contains(text, s.Text) {
			t.Errorf("without blocks %q is missing in %s", s.Text, text)
		}
	}
}

// payloads are what Slack gets for an alert: with blocks and without.
func payloads(t *testing.T, a alert.Alert) (blocks, plain []byte) {
	t.Helper()
	var last []byte
	to := slackTo(t, notifytest.Server(t, func(w http.ResponseWriter, r *http.Request) {
		last, _ = io.ReadAll(r.Body)
		io.WriteString(w, "ok")
	}).URL)
	for _, p := range []bool{false, true} {
		if err := notifytest.Send(notifytest.Patience(t), to, a, p); err != nil {
			t.Fatal(err)
		}
		if !p {
			blocks = last
		}
	}
	return blocks, last
}

// Each fact that a person can use is shown, however many there are.
func TestSlackFacts(t *testing.T) {
	blocks := drawn(t, alerttest.Monstrous(alert.Opened, "xyz", 1).Data, slack.Look{})
	for _, name := range []string{
		"Integration", "App", "Tenant", "Account comes from", "Scopes in Jira", "Scopes refused", "Scopes that work", "Service asked for", "Service meant",
		"Redirect URL", "Redirect URL expected", "Redirect URL used", "Faulty address", "Missing", "Host not found", "Proxy answered", "Got instead of JSON",
		"TLS alert", "Certificate is for", "Certificate date", "Exception", "Authorized", "Revoked", "Clock of the node", "Also seen", "Correlation ID",
		"Trace ID",
	} {
		if !bytes.Contains(blocks, []byte(`"*`+name+`*\n`+"`xyz")) {
			t.Errorf("%s is missing in %s", name, blocks)
		}
	}
}

// texts are all texts of a message's blocks, in order.
func texts(t testing.TB, payload []byte) []string {
	t.Helper()
	var m struct{ Blocks []any }
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Fatal(err)
	}
	return textsOf(m.Blocks)
}

func textsOf(elements []any) (out []string) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				out = append(out, s)
			}
			for _, key := range []string{"text", "fields", "elements"} {
				walk(v[key])
			}
		}
	}
	walk(elements)
	return out
}

// A list is shown with one value a line, ten of them at most; a storm's
// integrations up to 40.
func TestSlackLists(t *testing.T) {
	a := alerttest.Example(t, alert.Storm)
	var scopes []string
	for i := range 300 {
		scopes = append(scopes, fmt.Sprintf("https://x.example/%d", i))
	}
	a.Data.Facts["scopes"] = scopes
	all := strings.Join(texts(t, drawn(t, a.Data, slack.Look{})), "\n")
	for _, want := range []string{"`https://x.example/9`\n`and 290 more`", "\nand 41 more", "81 integrations are failing at once"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in %s", want, all)
		}
	}
	for _, want := range []string{"https://x.example/10`", fmt.Sprint(a.Data.Facts["integrations"].([]string)[40])} {
		if strings.Contains(all, want) {
			t.Errorf("%q is in %s", want, all)
		}
	}
}

// Steps are in their order, numbered throughout, below a divider too, and it says who has to act.
func TestSlackSteps(t *testing.T) {
	a := alerttest.Alert(alert.Opened)
	a.Data.Fix = []alert.Step{{Text: "one", Where: "entra-admin"}, {Text: "two", Where: "jira-admin"}, {Text: "three", Where: "jira-admin"},
		{Text: "four", Where: "entra-admin"}}
	blocks := drawn(t, a.Data, slack.Look{})
	all := strings.Join(texts(t, blocks), "|")
	if want := "|Who: |Entra admin (1, 4), Jira admin (2–3)|one|two|three|four|Fixed when: |"; !strings.Contains(all, want) {
		t.Errorf("%s is missing in %s", want, all)
	}
	var offsets []string
	for _, line := range strings.Split(string(blocks), "\n") {
		if _, offset, ok := strings.Cut(line, `"offset": `); ok {
			offsets = append(offsets, offset)
		}
	}
	if got := strings.Join(offsets, ","); got != "0" {
		t.Errorf("offsets %s, want 0", got)
	}
}

// A phone shows the first 150 characters: cause, who has to act, and the
// beginning of what to do.
func TestSlackNotification(t *testing.T) {
	for cause, a := range alerttest.Samples(t) {
		got := slack.DrawSlack(a.Data, slack.Look{}).Text
		want := message.Of(a.Data).Headline() + ". " + message.Actor(a.Data.Fix[0].Where) + ": "
		if !strings.HasPrefix(got, want) || utf8.RuneCountInString(want) > 150 {
			t.Errorf("%s: %s\nwant %s", cause, got, want)
		}
	}
}

// Above the divider is what fits on the screen of a phone: at most five steps, 14 lines and 1,100
// characters. All steps are in the message, whole and in order, for each sender and without blocks.
func TestSlackShort(t *testing.T) {
	samples := alerttest.Samples(t)
	samples["with a probe"] = alerttest.Probed(t)
	for cause, a := range samples {
		for _, l := range []slack.Look{{}, {Buttons: true, Thread: true}} {
			payload := drawn(t, a.Data, l)
			var m struct{ Blocks []object }
			if err := json.Unmarshal(payload, &m); err != nil {
				t.Fatal(err)
			}
			divider := slices.IndexFunc(m.Blocks, func(b object) bool { return b["type"] == "divider" })
			if divider < 0 {
				divider = len(m.Blocks)
			}
			lines, characters := 0, 0
			for _, b := range m.Blocks[:divider] {
				for _, line := range linesOf(b) {
					lines++
					characters += utf8.RuneCountInString(line)
				}
			}
			if a.Data.Cause.RootCause != nil && (lines > 14 || characters > 1100) {
				t.Errorf("%s: %d lines, %d characters before the divider", cause, lines, characters)
			}
			all := strings.Join(texts(t, payload), "")
			plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "∼", "~", "`", "", "ˋ", "", "\u200b", "").Replace(slack.DrawPlain(a.Data, ""))
			for _, s := range a.Data.Fix {
				words, _, _ := strings.Cut(strings.ReplaceAll(s.Text, "`", ""), "\n")
				if !strings.Contains(all, words) || !strings.Contains(plain, words) {
					t.Errorf("%s: the step is not whole: %s", cause, s.Text)
				}
			}
		}
	}
}

// linesOf are the lines of a block as a person sees them, without marks and addresses.
func linesOf(b object) (lines []string) {
	switch b["type"] {
	case "actions":
		return []string{strings.Join(textsOf([]any{b}), " ")}
	case "rich_text":
		for _, part := range b["elements"].([]any) {
			part := part.(object)
			if part["type"] != "rich_text_list" {
				lines = append(lines, strings.Split(strings.TrimSuffix(strings.Join(textsOf([]any{part}), ""), "\n"), "\n")...)
				continue
			}
			for _, item := range part["elements"].([]any) {
				lines = append(lines, strings.Join(textsOf([]any{item}), ""))
			}
		}
		return lines
	}
	for line := range strings.SplitSeq(strings.Join(textsOf([]any{b}), "\n"), "\n") {
		lines = append(lines, link.ReplaceAllString(line, "$1"))
	}
	return lines
}

var link = regexp.MustCompile(`<[^|>]*\|([^>]*)>`)

// The effect on mail is said once: by the diagnosis or behind it.
func TestSlackEffect(t *testing.T) {
	for cause, a := range alerttest.Samples(t) {
		all := strings.ToLower(strings.Join(texts(t, drawn(t, a.Data, slack.Look{})), " "))
		said := strings.ToLower(a.Data.Diagnosis)
		before := strings.Contains(said, "mail stops") || strings.Contains(said, "mail has stopped") || strings.Contains(said, "mail stays")
		after := strings.Contains(all, "no mail in or out") || strings.Contains(all, "may still work with its older token") ||
			strings.Contains(all, "mailboxes that work already") || strings.Contains(all, "expect the background refresh to fail")
		if before == after {
			t.Errorf("%s: diagnosis says it: %v, we say it: %v", cause, before, after)
		}
	}
}

// A thread has only what is new.
func TestSlackReplies(t *testing.T) {
	for kind, want := range map[alert.Kind]string{alert.Reminder: "48 more failures", alert.Quiet: "No failure since"} {
		a := alerttest.Example(t, kind)
		blocks := drawn(t, a.Data, slack.Look{Reply: true, Buttons: true})
		all := strings.Join(texts(t, blocks), "")
		if !strings.Contains(all, want) || strings.Contains(all, a.Data.Diagnosis) || strings.Contains(all, a.Data.Fix[0].Text) || len(all) > 300 {
			t.Errorf("%s: %s", kind, all)
		}
	}
	a := alerttest.Example(t, alert.Reminder)
	a.Data.Facts["alternates_with"] = []any{"net-connect-timeout", "net-no-route"}
	if all := strings.Join(texts(t, drawn(t, a.Data, slack.Look{Reply: true})), ""); !strings.Contains(all,
		". Alternates with: net-connect-timeout, net-no-route. The steps") {
		t.Errorf("got %s", all)
	}
	a = alerttest.Example(t, alert.Changed)
	blocks := string(drawn(t, a.Data, slack.Look{Reply: true}))
	for _, text := range []string{*a.Data.Cause.Previous, `"strike": true`, a.Data.Cause.Title, "Fixed when: "} {
		if !strings.Contains(blocks, text) {
			t.Errorf("%q is missing in %s", text, blocks)
		}
	}
	if !strings.Contains(blocks, "secrets removed") {
		t.Error("the reply has no details of the new cause")
	}
}

// What is long is cut so that the steps stay: the excerpt first, then the
// facts.
func TestSlackThrift(t *testing.T) {
	a := alerttest.Example(t, alert.Opened)
	for i := range 10 {
		a.Data.Fix = append(a.Data.Fix, alert.Step{Where: "jira-admin", Text: fmt.Sprintf("%d ", i) + strings.Repeat("do this ", 70) + "."})
	}
	a.Data.Log.Excerpt = strings.Repeat("a line of the log\n", 100)
	all := strings.Join(texts(t, drawn(t, a.Data, slack.Look{})), "\n")
	if n := strings.Count(all, "a line of the log"); n > 15 || strings.Count(all, "do this .") != 10 || !strings.Contains(all, a.Data.Integration.ID) ||
		!strings.Contains(all, "Trace ID") {
		t.Errorf("%d lines of %s", n, all)
	}
}

// Nobody is called by a log: in receivers that only resemble Slack, an @ is
// apart from its name, but mail addresses stay.
func TestPlainMentions(t *testing.T) {
	for text, want := range map[string]string{
		"@all":                              "@\u200ball",
		"x @here, y":                        "x @\u200bhere, y",
		"mail to help.desk@example.com":     "mail to help.desk@example.com",
		"(@channel)":                        "(@\u200bchannel)",
		"_@all_":                            "ˍ@\u200ballˍ",
		"é@all":                             "é@\u200ball",
		"@@all":                             "@\u200b@\u200ball",
		"<!channel> & <@U123>":              "&lt;!channel&gt; & &lt;@\u200bU123&gt;",
		"[Atlassian](https://evil.example)": "[Atlassian] (https://evil.example)",
		"# > - x":                           "＃ > - x",
		"> quote":                           "&gt; quote",
		"a > b & c&lt;d ~ e":                "a > b & c&amp;lt;d ~ e",
		"**bold** `x` ~~y~~":                "∗∗bold∗∗ ˋxˋ ∼∼y∼∼",
		"invalid_grant":                     "invalid_grant",
	} {
		a := alerttest.Alert(alert.Opened)
		a.Data.Diagnosis = text
		got := slack.DrawPlain(a.Data, "@oncall")
		if line := strings.Split(got, "\n")[1]; !strings.HasPrefix(line, want) || !strings.HasPrefix(got, "@oncall 🔴 ") {
			t.Errorf("%q: got %q, want %q", text, line, want)
		}
		neutral(t, got, "@oncall")
	}
}

// FuzzSlackMessage: every message is valid, whatever the alert says.
func FuzzSlackMessage(f *testing.F) {
	for _, text := range alerttest.Monsters {
		f.Add(text, 1, 2)
	}
	f.Fuzz(func(t *testing.T, text string, kind, times int) {
		sound(t, alerttest.Monstrous(alerttest.AllKinds[uint(kind)%uint(len(alerttest.AllKinds))], text, int(uint(times)%40)).Data)
	})
}
