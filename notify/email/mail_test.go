package email_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/alert/alerttest"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/notify/notifytest"
)

// parsed is a mail as a mail program sees it.
type parsed struct {
	mail.Header
	subject, plain, html string
}

func parse(t *testing.T, raw string) parsed {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{Header: m.Header}
	if p.subject, err = (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" && params["charset"] == "UTF-8" {
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		p.plain = string(body)
		return p
	}
	if kind != "multipart/alternative" {
		t.Fatalf("it is %s", kind)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for i, want := range []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"} { // the best one is the last
		part, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if got := part.Header.Get("Content-Type"); err != nil || got != want {
			t.Fatalf("part %d is %s (%v), want %s", i, got, err, want)
		}
		*[]*string{&p.plain, &p.html}[i] = string(body)
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Fatalf("more than two parts: %v", err)
	}
	return p
}

// Debian's Exim takes the mails over STARTTLS with a private CA and a login. What is in
// the mailbox has both parts, forms one conversation, and holds no secret.
func TestExim(t *testing.T) {
	exim := notifytest.StartExim(t)
	with := func(change func(*conf.Email)) notify.Notifier {
		return at(t, exim.Addr, func(c *conf.Email) {
			c.Encryption, c.CAFile, c.Username, c.Password = conf.StartTLS, exim.CAFile, exim.User, conf.NewSecret(exim.Password)
			c.To = c.To[:1]
			if change != nil {
				change(c)
			}
		})
	}
	send := func(to notify.Notifier, a alert.Alert) error {
		return notifytest.Send(notifytest.Patience(t), to, a, false)
	}
	incident := alerttest.Example(t, alert.Opened).Data.Incident()
	want := map[string]alert.Alert{}
	for n, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Resolved} {
		a := alerttest.Example(t, kind)
		a.Data.ID = incident.Alert(n + 1)
		want[message.Of(a.Data).Headline()] = a
		if err := send(with(nil), a); err != nil {
			t.Fatal(err)
		}
	}
	first := ""
	mails := exim.Mails(t, len(want))
	for _, raw := range mails {
		if m := parse(t, raw); m.Get("In-Reply-To") == "" {
			first = m.Get("Message-ID")
		}
	}
	if !regexp.MustCompile(`^<[0-9a-f]{32}\.1@example\.com>$`).MatchString(first) {
		t.Errorf("the first mail is %s", first)
	}
	for _, raw := range mails {
		m := parse(t, raw)
		a, ok := want[m.subject]
		if !ok {
			t.Fatalf("subject %q, want one of %v", m.subject, want)
		}
		delete(want, m.subject)
		date, err := m.Date()
		if err != nil || date.Unix() != a.Timestamp.Unix() {
			t.Errorf("%s: date %s (%v), want %s", m.subject, date, err, a.Timestamp)
		}
		parent := first
		if a.Data.ID.Number() == 1 {
			parent = ""
		}
		for header, want := range map[string]string{
			"Message-ID":  strings.Replace(first, ".1@", fmt.Sprintf(".%d@", a.Data.ID.Number()), 1),
			"In-Reply-To": parent, "References": parent, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All",
			"From": `"Jira, mail" <jira@example.com>`, "To": "<ops@example.com>", "Mime-Version": "1.0",
		} {
			if got := m.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", m.subject, header, got, want)
			}
		}
		for _, secret := range []string{exim.Password, base64.StdEncoding.EncodeToString([]byte(exim.Password))} {
			if strings.Contains(raw+m.plain+m.html, secret) {
				t.Errorf("%s: the password is in the mail", m.subject)
			}
		}
		whole(t, m, a)
	}

	for name, tt := range map[string]struct {
		to   notify.Notifier
		want notify.Outcome
		says string
	}{
		"wrong password": {with(func(c *conf.Email) { c.Password = conf.NewSecret("wrong") }), notify.BadSettings, "login: SMTP AUTH failed: 535"},
		"no login":       {with(func(c *conf.Email) { c.Username = "" }), notify.BadSettings, "log in first"},
		"no such domain": {with(func(c *conf.Email) { c.To[0].Address = "a@elsewhere.test" }), notify.BadSettings, "a@elsewhere.test: 550"},
		"unknown CA":     {with(func(c *conf.Email) { c.CAFile = "" }), notify.Retry, "unknown authority"},
		"wrong name":     {with(func(c *conf.Email) { c.Host = "localhost" }), notify.Retry, "not localhost"},
		"no TLS there":   {with(func(c *conf.Email) { c.Encryption = conf.ImplicitTLS }), notify.Retry, "TLS"},
	} {
		got, err := notifytest.Outcome(t, send(tt.to, alerttest.Example(t, alert.Opened)))
		if got != tt.want || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: outcome %d (%v), want %d and %q", name, got, err, tt.want, tt.says)
		}
	}
}

// whole checks that both parts say all that the alert says.
func whole(t *testing.T, m parsed, a alert.Alert) {
	t.Helper()
	of := message.Of(a.Data)
	html := strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace(m.html)
	says := []string{of.Headline(), of.Confirm, of.Reference}
	for _, s := range of.Steps {
		for line := range strings.Lines(s.Text) {
			if line = strings.TrimSpace(line); line != "```" {
				says = append(says, line)
			}
		}
	}
	for _, want := range says {
		if !strings.Contains(m.plain, want) || !strings.Contains(html, want) {
			t.Errorf("%s: %q is not in both parts:\n%s\n%s", m.subject, want, m.plain, html)
		}
	}
	for _, l := range of.Links {
		if !strings.Contains(m.html, `href="`) || !strings.Contains(m.plain, l.URL) {
			t.Errorf("%s: no link to %s", m.subject, l.URL)
		}
	}
	if found := regexp.MustCompile(`(?i)<(script|img|link|iframe|style)|\bsrc=|url\(`).FindString(m.html); found != "" {
		t.Errorf("%s: it loads something: %s", m.subject, found)
	}
}

// sent is a mail through a relay that keeps it.
func sent(t *testing.T, a alert.Alert, plain bool) parsed {
	t.Helper()
	relay := (&notifytest.Relay{}).Start(t)
	if err := notifytest.Send(notifytest.Patience(t), at(t, relay.Addr, nil), a, plain); err != nil {
		t.Fatal(err)
	}
	return parse(t, relay.Mails()[0].Text)
}

// The parts of mails of each kind.
func TestGolden(t *testing.T) {
	for _, kind := range []alert.Kind{alert.Opened, alert.Changed, alert.Reminder, alert.Quiet, alert.Resolved, alert.Storm, alert.Blind,
		alert.Sighted, alert.Test} {
		m := sent(t, alerttest.Example(t, kind), false)
		testkit.Golden(t, "testdata/"+string(kind)+".golden.txt", "Subject: "+m.subject+"\n\n"+strings.ReplaceAll(m.plain, "\r\n", "\n"))
		if kind == alert.Opened || kind == alert.Storm {
			testkit.Golden(t, "testdata/"+string(kind)+".golden.html", strings.ReplaceAll(m.html, "\r\n", "\n"))
		}
	}
}

// After a refusal the mail is plain text only.
func TestPlain(t *testing.T) {
	if m := sent(t, alerttest.Example(t, alert.Opened), true); m.html != "" || !strings.Contains(m.plain, "Fixed when") {
		t.Errorf("HTML %.100q, plain %.100q", m.html, m.plain)
	}
}

// What a log says adds no header and no recipient, no element and no link.
func TestHostile(t *testing.T) {
	for name, text := range alerttest.Monsters {
		if len(text) > 10_000 {
			continue
		}
		evil := text + "\r\nBcc: evil@example.com\r\n\r\n<img src=x> https://evil.example www.evil.example"
		m := sent(t, alerttest.Monstrous(alert.Opened, evil, 2), false)
		if m.Get("Bcc") != "" || strings.Contains(m.subject, "\n") || len([]rune(m.subject)) > 200 {
			t.Errorf("%s: headers %v", name, m.Header)
		}
		if strings.Contains(m.html, "<img") {
			t.Errorf("%s: an element of the log is in the HTML part", name)
		}
		a := alerttest.Example(t, alert.Opened)
		d := &a.Data
		d.Diagnosis, d.Integration.ID = "It says “"+strings.ReplaceAll(evil, "”", "'")+"”.", evil
		d.Request.User, d.Log.Path, d.Log.Excerpt, d.Facts["scopes"] = evil, evil, evil, []string{evil, evil}
		m = sent(t, a, false)
		for _, part := range []string{m.plain, m.html} {
			if found := link.FindString(part); found != "" {
				t.Errorf("%s: a link %q in %s", name, found, part)
			}
		}
	}
}

// link is what mail programs make a link of.
var link = regexp.MustCompile(`(?i)https?://\w*evil|\bwww\.evil|@\w+\.com\b|<a [^>]*evil`)
