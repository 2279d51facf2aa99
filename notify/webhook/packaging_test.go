package webhook_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/testkit"
)

// eachText calls do with each text in a JSON value, and with the object and the
// field in it that it stands in.
func eachText(value any, do func(in map[string]any, field, text string)) {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			eachText(e, do)
		}
	case map[string]any:
		for field, e := range v {
			if text, ok := e.(string); ok {
				do(v, field, text)
			}
			eachText(e, do)
		}
	}
}

var (
	fence = regexp.MustCompile("(?s)^```\n([^`]*)\n```$")
	calls = regexp.MustCompile(`(^|[^\pL\pN])@(channel|all|here|everyone|U123)|<!|<http`)
	ours  = regexp.MustCompile(`^(https://learn\.microsoft\.com/.*|https://confluence\.atlassian\.com/.*|jira-node-1/[0-9a-f-]+@[0-9TZ.]+#1|[0-9T:.+-]+|#[0-9a-f]{6})$`)
	// Metacharacters of Markdown without an odd number of strokes before them.
	active = regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*([\\[\\]()<>`#~_]|\\]\\()")
	markup = regexp.MustCompile(`</?b>`)
	// A brace, bracket, pipe or exclamation mark of Jira's markup that is not escaped.
	wikiActive = regexp.MustCompile(`(^|[^\\])[{}\[\]|!]`)
)

// check complains about a text in a rendered template that is not shown as it
// is.
type check func(t *testing.T, in map[string]any, field, text string)

// inMarkdown: text is escaped, or within a fence that it does not leave.
func inMarkdown(t *testing.T, _ map[string]any, field, text string) {
	if calls.MatchString(text) {
		t.Errorf("%s mentions somebody: %.300q", field, text)
	}
	if fence.MatchString(text) || ours.MatchString(text) {
		return
	}
	// What the templates themselves write.
	text = strings.NewReplacer("#### ", "", "**", "").Replace(text)
	if at := active.FindStringIndex(text); at != nil {
		t.Errorf("%s has Markdown at %q: %.300q", field, text[at[0]:at[1]], text)
	}
}

// inHTML: there are no tags but those of the template.
func inHTML(t *testing.T, _ map[string]any, field, text string) {
	if strings.ContainsAny(markup.ReplaceAllString(text, ""), "<>") {
		t.Errorf("%s has tags: %.300q", field, text)
	}
}

// inWiki: no macro, link, image or mention.
func inWiki(t *testing.T, _ map[string]any, field, text string) {
	if at := wikiActive.FindStringIndex(text); at != nil && field == "description" {
		t.Errorf("%s has wiki markup at %q: %.300q", field, text[at[0]:at[1]], text)
	}
}

// asText: the receiver shows it as it is.
func asText(*testing.T, map[string]any, string, string) {}

// The ready-made templates make what their receivers take of any alert.
func TestPackagedTemplates(t *testing.T) {
	testkit.Pure(t)
	files, err := filepath.Glob("../../packaging/templates/*")
	if err != nil || len(files) != len(packaged) {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		want := packaged[filepath.Base(file)]
		for _, kind := range alerttest.AllKinds {
			for name, a := range map[string]alert.Alert{"usual": alerttest.Alert(kind), "hostile": alerttest.HostileAlert(kind)} {
				t.Run(strings.Join([]string{filepath.Base(file), string(kind), name}, "/"), func(t *testing.T) {
					body := filled(t, file, a).Body
					if body == nil {
						if !want.leavesOut(a) {
							t.Error("nothing is sent")
						}
						return
					}
					if want.leavesOut(a) {
						t.Errorf("it is sent: %s", body)
					}
					if len(body) > want.bytes || len(body) < 500 {
						t.Errorf("%d bytes, want at most %d", len(body), want.bytes)
					}
					var message map[string]any
					if err := json.Unmarshal(body, &message); err != nil {
						t.Fatal(err)
					}
					eachText(message, func(in map[string]any, field, text string) {
						want.text(t, in, field, text)
						if strings.ContainsAny(text, "\x00\x1b\u202e") {
							t.Errorf("%s has control characters: %.300q", field, text)
						}
					})
					want.shape(t, message, a)
				})
			}
		}
	}
}

// Alerts of the catalogue's causes are shown whole.
func TestPackagedTemplatesWhole(t *testing.T) {
	testkit.Pure(t)
	causes, _ := filepath.Glob("testdata/webhook-cause-*.golden.json")
	for file := range packaged {
		for _, cause := range causes {
			text := testkit.Read(t, cause)
			var a alert.Alert
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				t.Fatal(err)
			}
			if body := string(filled(t, "../../packaging/templates/"+file, a).Body); strings.Contains(body, "… cut") && file != "discord.json.tmpl" {
				t.Errorf("%s shortens %s: %s", file, cause, body)
			}
		}
	}
}

// A storm says how many integrations it has, and names those that there is
// room for, also at its end.
func TestPackagedTemplatesStorm(t *testing.T) {
	for file := range packaged {
		for _, kind := range []alert.Kind{alert.Storm, alert.Quiet} {
			a := alerttest.Example(t, alert.Storm)
			a.Data.Kind = kind
			a.Data.Integration.ID = "many"
			body := string(filled(t, "../../packaging/templates/"+file, a).Body)
			if body == "" && packaged[file].leavesOut(a) {
				continue
			}
			ids := a.Data.Facts["integrations"].([]string)
			for _, want := range []string{"81 integrations: ", ids[0], ids[6], " more"} {
				if !strings.Contains(strings.ReplaceAll(body, `\\`, ""), want) {
					t.Errorf("%s, %s: %q is missing in %s", file, kind, want, body)
				}
			}
			if strings.Contains(body, "many") {
				t.Errorf("%s, %s: an integration of the name many: %s", file, kind, body)
			}
		}
	}
}

// The templates say how to set them up.
func TestPackagedTemplatesExplain(t *testing.T) {
	for file := range packaged {
		if head, _, _ := strings.Cut(testkit.Read(t, "../../packaging/templates/"+file), "*/"); !strings.HasPrefix(head, "{{- /* ") ||
			!strings.Contains(head, "[[webhook]]") || !strings.Contains(head, "/"+file+"\"") {
			t.Errorf("%s begins with %s", file, head)
		}
	}
}

type receiverForm struct {
	bytes int
	text  check
	shape func(t *testing.T, message map[string]any, a alert.Alert)

	leaves func(a alert.Alert) bool // makes nothing of it; nil = sends all
}

var packaged = map[string]receiverForm{
	"mattermost.json.tmpl":  {32_000, inMarkdown, mattermostShape, nil},
	"google-chat.json.tmpl": {32_000, inHTML, googleShape, nil},
	"discord.json.tmpl":     {10_000, inMarkdown, discordShape, nil},
	"jira-issue.json.tmpl": {60_000, inWiki, jiraShape, func(a alert.Alert) bool {
		return !slices.Contains([]alert.Kind{alert.Opened, alert.Storm, alert.Blind, alert.Test}, a.Data.Kind)
	}},
	"jsm-alert.json.tmpl": {32_000, asText, jsmShape, func(a alert.Alert) bool {
		return a.Data.Kind.Closes() || a.Data.Kind == alert.Sighted || a.Data.Kind == alert.Started
	}},
}

// leavesOut reports whether a template must make nothing of an alert.
func (r receiverForm) leavesOut(a alert.Alert) bool {
	return r.leaves != nil && r.leaves(a)
}

// at is what stands at a path of fields and indexes.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch key := p.(type) {
		case string:
			value = value.(map[string]any)[key]
		case int:
			value = value.([]any)[key]
		}
	}
	return value
}

func mattermostShape(t *testing.T, m map[string]any, a alert.Alert) {
	if text, _ := m["text"].(string); !strings.HasPrefix(text, "#### ") || strings.Contains(text, "\n\n") {
		t.Errorf("text %q", text)
	}
	excerpts := 1
	if a.Data.Kind == alert.Quiet {
		excerpts = 0
	} else if !fence.MatchString(at(t, m, "attachments", 1, "text").(string)) {
		t.Error("the log is not within a fence")
	}
	if n := len(m["attachments"].([]any)); n != 1+excerpts || at(t, m, "attachments", 0, "fallback") == "" {
		t.Errorf("%d attachments", n)
	}
}

func googleShape(t *testing.T, m map[string]any, a alert.Alert) {
	if len(m) != 2 || m["text"] == "" || at(t, m, "cardsV2", 0, "cardId") == "" || at(t, m, "cardsV2", 0, "card", "header", "title") == "" {
		t.Errorf("it is no message with a card")
	}
	sections := at(t, m, "cardsV2", 0, "card", "sections").([]any)
	want := 4
	if a.Data.Kind == alert.Quiet {
		want = 3
	}
	if len(sections) != want || len(at(t, sections[want-1], "widgets", 0, "buttonList", "buttons").([]any)) != min(len(a.Data.Links), 4) {
		t.Errorf("it has %d sections", len(sections))
	}
}

// Discord's limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
func discordShape(t *testing.T, m map[string]any, _ alert.Alert) {
	if parse, ok := at(t, m, "allowed_mentions", "parse").([]any); !ok || len(parse) != 0 {
		t.Error("somebody can be mentioned")
	}
	embed := at(t, m, "embeds", 0).(map[string]any)
	total := 0
	limit := func(name string, text any, most int) {
		n := len([]rune(text.(string)))
		if total += n; n == 0 || n > most {
			t.Errorf("%s has %d characters", name, n)
		}
	}
	limit("title", embed["title"], 256)
	limit("description", embed["description"], 4096)
	limit("footer", at(t, embed, "footer", "text"), 2048)
	fields := embed["fields"].([]any)
	for _, f := range fields {
		limit("name", at(t, f, "name"), 256)
		limit("value", at(t, f, "value"), 1024)
	}
	if total > 6000 || len(fields) > 25 {
		t.Errorf("%d characters in %d fields", total, len(fields))
	}
}

// The required fields of POST /rest/api/2/issue, and what Jira permits in a summary.
func jiraShape(t *testing.T, m map[string]any, a alert.Alert) {
	summary := at(t, m, "fields", "summary").(string)
	if at(t, m, "fields", "project", "key") == "" || at(t, m, "fields", "issuetype", "name") == "" || summary == "" ||
		len([]rune(summary)) > 255 || strings.ContainsAny(summary, "\r\n") {
		t.Errorf("summary %q", summary)
	}
	description := at(t, m, "fields", "description").(string)
	if n := len([]rune(description)); n > 32_767 || !strings.Contains(description, "Incident ") {
		t.Errorf("a description of %d characters", n)
	}
	for i := range a.Data.Fix {
		if want := fmt.Sprintf("\n%d. ", i+1); !strings.Contains(description, want) {
			t.Errorf("step %d is missing", i+1)
		}
	}
}

// Limits of Jira Service Management's "Create alert".
func jsmShape(t *testing.T, m map[string]any, a alert.Alert) {
	for name, most := range map[string]int{"message": 130, "alias": 512, "description": 15_000, "entity": 512, "source": 100} {
		if n := len([]rune(m[name].(string))); n == 0 || n > most {
			t.Errorf("%s has %d characters", name, n)
		}
	}
	if p := m["priority"].(string); len(p) != 2 || p[0] != 'P' || strings.Contains(m["alias"].(string), "#") && !strings.Contains(string(a.Data.ID.Incident()), "#") {
		t.Errorf("priority %s, alias %s", p, m["alias"])
	}
	for _, tag := range m["tags"].([]any) {
		if len([]rune(tag.(string))) > 50 {
			t.Errorf("tag %s", tag)
		}
	}
}

// Alerts of one incident have one alias, and create one issue.
func TestPackagedTemplatesIncident(t *testing.T) {
	incident := alerttest.Example(t, alert.Opened).Data.Incident()
	issues := 0
	aliases := map[any]bool{}
	for n, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Resolved} {
		a := alerttest.Example(t, kind)
		a.Data.ID = incident.Alert(n + 1)
		if filled(t, "../../packaging/templates/jira-issue.json.tmpl", a).Body != nil {
			issues++
		}
		if body := filled(t, "../../packaging/templates/jsm-alert.json.tmpl", a).Body; body != nil {
			var m map[string]any
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			aliases[m["alias"]] = true
		}
	}
	if issues != 1 || len(aliases) != 1 || !aliases[string(incident)] {
		t.Errorf("%d issues, aliases %v", issues, aliases)
	}
}
