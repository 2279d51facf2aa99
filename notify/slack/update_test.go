package slack_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
	"jira-oauth-watcher/notify/slack"
)

// stands is an incident as it is: its number, failures and who has seen to it.
func stands(n, count int, by string) notify.OpenIncident {
	d := alerttest.Alert(alert.Reminder).Data
	d.ID = alert.ID(fmt.Sprintf("incident-%d", n))
	d.Failures.Count = count
	if by != "" {
		d.Acknowledged = &alert.Acknowledged{By: by, UserID: by, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	}
	return notify.OpenIncident{Data: d}
}

// placed is the receipt of a message that shows n failures since some time.
func placed(n, count int, ago time.Duration) notify.Receipt {
	return notify.Receipt(fmt.Sprintf(`{"channel":"C0123456789","ts":"1700000000.%06d","shown":{"count":%d,"cause":"entra-single-tenant-common-endpoint"},"edited":%q,"threaded":true}`,
		n, count, time.Now().Add(-ago).Format(time.RFC3339Nano)))
}

// One edit a call, of the message that waits longest: who has seen to it at
// once, numbers once a minute.
func TestSlackKeep(t *testing.T) {
	type in struct {
		notify.OpenIncident
		shows int
		ago   time.Duration
	}
	for _, tt := range []struct {
		name   string
		in     []in
		edited string // ts
		next   time.Duration
	}{
		{"nothing", nil, "", 0},
		{"as it is", []in{{stands(1, 5, ""), 5, time.Hour}}, "", 0},
		{"more", []in{{stands(1, 6, ""), 5, time.Hour}}, "1", 0},
		{"more, soon", []in{{stands(1, 6, ""), 5, 20 * time.Second}}, "", 40 * time.Second},
		{"more, almost", []in{{stands(1, 6, ""), 5, 59900 * time.Millisecond}}, "", time.Second},
		{"seen to", []in{{stands(1, 5, "U1"), 5, time.Second}}, "1", 0},
		{"seen to, and more", []in{{stands(1, 6, "U1"), 5, time.Second}}, "1", 0},
		{"oldest first", []in{{stands(1, 6, ""), 5, time.Hour}, {stands(2, 6, ""), 5, 2 * time.Hour}}, "2", time.Second},
		{"seen to first", []in{{stands(1, 6, ""), 5, time.Hour}, {stands(2, 6, "U1"), 6, time.Second}}, "2", time.Second},
		{"another later", []in{{stands(1, 6, ""), 5, 30 * time.Second}, {stands(2, 6, "U1"), 6, time.Second}, {stands(3, 1, ""), 1, 0}}, "2", 30 * time.Second},
		{"clock set back", []in{{stands(1, 6, ""), 5, -time.Hour}}, "1", 0},
	} {
		f := newFake(t)
		keeper := f.bot(withButtons, mentioning).To.(notify.Refresher)
		var all []notify.OpenIncident
		for _, i := range tt.in {
			f.messages[fmt.Sprintf("1700000000.%06d", len(all)+1)] = true
			i.Receipt = placed(len(all)+1, i.shows, i.ago)
			all = append(all, i.OpenIncident)
		}
		changed, next, err := keeper.Refresh(notifytest.Patience(t), all)
		if err != nil || next > tt.next || next < tt.next-time.Second || tt.next == time.Second && next != tt.next {
			t.Errorf("%s: next %s, want %s (%v)", tt.name, next, tt.next, err)
		}
		told := f.told()
		if tt.edited == "" {
			if len(told) != 0 || len(changed) != 0 {
				t.Errorf("%s: told %v, changed %s", tt.name, told, changed)
			}
			continue
		}
		if len(told) != 1 || told[0].method != edit || told[0].Get("ts") != "1700000000.00000"+tt.edited || len(changed) != 1 {
			t.Fatalf("%s: told %v, changed %s", tt.name, told, changed)
		}
		for i, s := range all {
			if s.Receipt, _ = changed[s.Data.ID]; s.Receipt == nil {
				continue
			}
			if text, blocks := slack.Drawn(s.Data, "", true, false); told[0].Get("text") != text || told[0].Get("blocks") != blocks {
				t.Errorf("%s: drawn %s", tt.name, told[0].Get("blocks"))
			}
			if changed, _, _ := keeper.Refresh(notifytest.Patience(t), []notify.OpenIncident{s}); len(changed) != 0 || fmt.Sprint(i+1) != tt.edited {
				t.Errorf("%s: it is edited again, or another was: %s", tt.name, changed)
			}
		}
	}
}

// What Slack says about an edit: a lost message is forgotten, a refused edit is
// not tried again, and everything else is later.
func TestSlackKeepFails(t *testing.T) {
	for word, want := range map[string]struct {
		outcome notify.Outcome
		changed string
	}{
		"message_not_found": {-1, "forgotten"}, "cant_update_message": {-1, "forgotten"}, "edit_window_closed": {-1, "forgotten"},
		"is_inactive":    {-1, "forgotten"},
		"invalid_blocks": {notify.BadMessage, "kept"}, "internal_error": {notify.Retry, ""}, "not_in_channel": {notify.BadSettings, ""},
	} {
		f := newFake(t)
		keeper := f.bot().To.(notify.Refresher)
		f.says(edit, slackSays{200, `{"ok":false,"error":"` + word + `"}`, nil})
		s := stands(1, 6, "")
		s.Receipt = placed(1, 5, time.Hour)
		changed, _, err := keeper.Refresh(notifytest.Patience(t), []notify.OpenIncident{s})
		got, failed := notifytest.Outcome(t, err)
		r, there := changed["incident-1"]
		state := map[bool]string{false: "", true: "kept"}[there]
		if there && r == nil {
			state = "forgotten"
		}
		if got != want.outcome || state != want.changed {
			t.Errorf("%s: outcome %d (%v) and %q, want %+v", word, got, failed, state, want)
		}
		if failed != nil {
			noToken(t, failed.Error())
		}
	}
}

// A receipt of another channel, or of another program, is forgotten without a
// word to Slack.
func TestSlackKeepMoved(t *testing.T) {
	f := newFake(t)
	keeper := f.bot(func(c *conf.Slack) { c.Channel = "CELSEWHERE" }).To.(notify.Refresher)
	moved, odd := stands(1, 6, ""), stands(2, 6, "")
	moved.Receipt, odd.Receipt = placed(1, 5, time.Hour), notify.Receipt(`"x"`)
	changed, next, err := keeper.Refresh(notifytest.Patience(t), []notify.OpenIncident{moved, odd})
	one, a := changed["incident-1"]
	two, b := changed["incident-2"]
	if !a || !b || one != nil || two != nil || len(changed) != 2 || next != 0 || err != nil || len(f.told()) != 0 {
		t.Errorf("changed %s, next %s, %v", changed, next, err)
	}
}

// Facts and excerpt follow a new message into its thread, once, and before any edit.
func TestSlackDetails(t *testing.T) {
	f := newFake(t)
	bot := f.bot(withButtons, mentioning).To
	r := sent(t, bot, alert.Opened, nil)
	f.told()
	d := alerttest.Alert(alert.Opened).Data
	d.Failures.Count++ // meanwhile
	r = placedAgo(t, r, 2*time.Second)
	for n, want := range []string{post, "", edit, ""} {
		changed, _, err := bot.(notify.Refresher).Refresh(notifytest.Patience(t), []notify.OpenIncident{{Data: d, Receipt: r}})
		if err != nil {
			t.Fatal(err)
		}
		got := f.told()
		if want == "" {
			if len(got) != 0 {
				t.Errorf("%d: told %v", n, got)
			}
			r = placedAgo(t, r, time.Hour)
			continue
		}
		if len(got) != 1 || got[0].method != want {
			t.Fatalf("%d: told %v, want %s", n, got, want)
		}
		if want == post && (got[0].Get("thread_ts") != "1700000000.000001" || !strings.Contains(got[0].Get("blocks"), d.Facts["app_id"].(string)) ||
			!strings.Contains(got[0].Get("blocks"), "secrets removed") || strings.Contains(got[0].Get("text"), mentioned)) {
			t.Errorf("details: %v", got[0])
		}
		r = changed[d.Incident()]
	}
}

// placedAgo is a receipt of a message that was edited some time ago.
func placedAgo(t *testing.T, r notify.Receipt, ago time.Duration) notify.Receipt {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(r, &fields); err != nil {
		t.Fatal(err)
	}
	fields["edited"] = time.Now().Add(-ago)
	out, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A probe that ends after its alert is edited into the message at once, and what was tried follows
// once in the thread.
func TestSlackProbeFollows(t *testing.T) {
	f := newFake(t)
	f.messages["1700000000.000001"] = true
	keeper := f.bot().To.(notify.Refresher)
	open := notify.OpenIncident{Data: alerttest.Probed(t).Data}
	open.Receipt = notify.Receipt(fmt.Sprintf(
		`{"channel":"C0123456789","ts":"1700000000.000001","shown":{"count":1,"cause":"tls-certificate-untrusted"},"edited":%q,"threaded":true}`,
		time.Now().Add(-5*time.Second).Format(time.RFC3339Nano)))
	refresh := func() {
		changed, _, err := keeper.Refresh(notifytest.Patience(t), []notify.OpenIncident{open})
		if err != nil {
			t.Fatal(err)
		}
		if r := changed[open.Data.Incident()]; r != nil {
			open.Receipt = r
		}
	}
	refresh()
	if told := f.told(); len(told) != 1 || told[0].method != edit || !strings.Contains(told[0].Get("blocks"), "Probe from this node at ") {
		t.Fatalf("at first: %v", told)
	}
	open.Receipt = notify.Receipt(regexp.MustCompile(`"edited":"[^"]*"`).ReplaceAllString(string(open.Receipt), `"edited":"2020-01-01T00:00:00Z"`))
	refresh()
	told := f.told()
	if len(told) != 1 || told[0].method == edit || told[0].Get("thread_ts") != "1700000000.000001" ||
		!strings.Contains(told[0].Get("blocks"), "DNS: 20.190.159.0") || strings.Contains(told[0].Get("blocks"), "Exception") {
		t.Fatalf("then: %v", told)
	}
	refresh()
	if told := f.told(); len(told) != 0 {
		t.Errorf("at last: %v", told)
	}
}
