// Package matchers diagnoses the failures of the OAuth client flow among log events.
package matchers

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/seek"
)

// Failure is an event of the OAuth client flow that reports an error, with its
// diagnosis.
type Failure struct {
	Time        time.Time // the event's; zero when the log's is impossible
	Integration Integration
	Known       []string // all that its integration is known by without a flow, as IDs, the best first
	Cause       *Cause
	Signal      string   // the code or pattern by which the cause was found
	Confidence  string   // the cause's; likely at most where the provider's words alone led to it
	Codes       []string // provider codes of the event, the deciding one first
	Also        []string // IDs of other causes whose signals the event shows
	Facts       Facts
	Links       []alert.Link
	Header      event.Header
	Impact      Impact
	Mailbox     Mailbox
	Text        string // the event as it is in the log
	Node        string // the host that a shipper names; "" = this one

	// Compared says what is wrong with the integration's settings in Jira, see Compare;
	// Unchecked why they are not known.
	Compared, Unchecked string
}

// Certain reports whether a cause is known: then the event has its decisive line,
// and what may follow in later writes is not waited for.
func (f Failure) Certain() bool {
	most := bare
	if f.Impact.Phase == alert.PhaseRefresh {
		most = wrapper // what caused it may follow
	}
	return f.Cause.ID != Unknown && f.Cause.tier < most
}

// Advice is what a failure means and what to do about it, with its facts filled
// in.
type Advice struct {
	Diagnosis string
	Fix       []alert.Step
	Confirm   string
}

// Advise fills facts into the cause's texts: the failure's own, or those as
// they may be shown.
func (c *Cause) Advise(facts Facts) Advice {
	a := Advice{Diagnosis: fill(c.Diagnosis, facts, false), Confirm: fill(c.Confirm, facts, true)}
	for _, step := range c.Fix {
		if step.When != "" && step.When != natureOf(facts) {
			continue
		}
		a.Fix = append(a.Fix, alert.Step{Text: fill(step.Text, facts, true), Where: step.Where})
	}
	if skew := facts.Text("clock_skew"); skew != "" { // whatever the cause is
		a.Fix = append(a.Fix, alert.Step{Where: "jira-host", Text: "The clock of this Jira node is " + skew +
			": correct it (timedatectl, chronyc tracking). A wrong clock alone breaks OAuth."})
	}
	return a
}

// Verdict is what became of one event.
type Verdict struct {
	Ours    bool
	Reason  string // why it is a failure of the flow, or why not; one clause
	Headed  bool   // the event has a header
	Header  event.Header
	Failure Failure // when Ours
}

// Find returns the offset of the first sign of the flow in a text, or -1. Every
// event that Diagnose calls ours has one:
//
//	oauth2-client/  oauth2/client/   in a URL, also with JSON's escaped slashes (\/)
//	oauth2.client.                   in a logger
//	[c.a.o.c.  [c.a.o.client.        the shortened logger
//
// "oauth2" alone is none: Jira is an OAuth 2.0 provider too, and its requests and
// loggers (/rest/oauth2/latest/token, c.a.oauth2.provider) may be in every event. A
// text has the same signs with and without its line ends.
//
// Every byte of every log passes it (docs/performance.md has figures).
func Find(text []byte) int { return signs.Index(text) }

// Finder is Find for the lines of a kind of log.
func Finder(kind conf.Kind) func(text []byte) int {
	switch {
	case kind.Mail():
		return findMail
	case kind == conf.KindDiagnostics:
		return findProbe
	}
	return Find
}

// signs are compared by the two of their letters that are rarest together in
// Jira's logs: "2" before the "l" of client, and "[" before "o".
var signs = seek.NewWords(
	seek.Word{
		Text: "oauth2", Next: []string{"-client/", `-client\/`, "/client/", `\/client\/`, ".client."},
		One: 8, Also: 9, Rare: "h2",
	},
	seek.Word{Text: "[c.a.o.c", Next: []string{".", "lient."}, One: 0}, 5)

// Diagnose reports whether an event's text is a failure of the flow, and what caused
// it. zone is that of timestamps without an offset.
func (s *Set) Diagnose(text string, zone *time.Location) Verdict {
	return s.diagnose(text, zone, false)
}

// Pasted is Diagnose of a text that somebody copied: indentation may be lost.
func (s *Set) Pasted(text string) Verdict { return s.diagnose(text, nil, true) }

func (s *Set) diagnose(text string, zone *time.Location, pasted bool) Verdict {
	h, message, ok := event.Parse(text, zone)
	if !ok {
		return Verdict{Reason: "it has no header with a date and a level"}
	}
	v := Verdict{Headed: true, Header: h}
	r, ours := reportOf(h, text, message, pasted, func() *Set { return s })
	if v.Ours, v.Reason = ours, r.reason; !ours {
		return v
	}
	v.Failure = s.failure(s.decide(r))
	v.Failure.Time = h.Time
	v.Failure.clockSkew(h.Time)
	v.Failure.Header = h
	v.Failure.Text = text
	v.Failure.Mailbox = mailbox(h, message)
	of := identityOf(v.Failure.Facts, v.Failure.Mailbox)
	v.Failure.Integration, v.Failure.Known = integration(r, &of, v.Failure.Cause), of.known
	v.Failure.Impact = impact(r.phase, v.Failure.Cause, v.Failure.Codes, r.thrown)
	return v
}

// otherLog is a text that begins with a date; a number of SMTP such as 5.7.30 is none.
var otherLog = regexp.MustCompile(`^\W{0,3}(?:\d{4}[-/.](?:\d{1,2}|[A-Za-z]{3})[-/.]\d{1,2}[ T:,]|` +
	`\d{1,2}[-/.](?:\d{1,2}|[A-Za-z]{3})[-/.](?:\d{4}[ T:,]|\d\d[ T:,]+\d{1,2}:\d\d))`)

// Text diagnoses a bare error text, without a log header, as if it followed "The
// error message is:".
func (s *Set) Text(text string) Verdict {
	if otherLog.MatchString(text) {
		return Verdict{Reason: "it is a log line, but not in the format of Jira's log"}
	}
	f := s.failure(s.weigh(payload(text)))
	if strings.TrimSpace(text) == "" || f.Cause.ID == Unknown && len(f.Codes) == 0 {
		return Verdict{Reason: "it has no log header, and no cause in the catalog matches its text"}
	}
	f.Text = text
	f.Integration = Integration{ID: Unknown, KnownBy: alert.ByNothing}
	return Verdict{Ours: true, Reason: "it has no log header and was matched as plain error text", Failure: f}
}

// decision is a payload with the causes that it shows, the deciding one first.
type decision struct {
	message
	codes []string
	found []candidate // the last one is the unknown cause where there is no other
}

// weigh finds the causes of a payload.
func (s *Set) weigh(p message) decision {
	d := decision{message: p, codes: p.codes()}
	if d.found = s.candidates(p, d.codes); len(d.found) == 0 {
		d.found = []candidate{{cause: s.unknown}}
	}
	return d
}

// decide finds the causes of a report. Those of a refresh are in what the innermost
// exceptions say.
func (s *Set) decide(r report) (d decision) {
	switch {
	case r.said != "":
		return s.weigh(payload(r.said))
	case r.thrown == nil:
		return s.weigh(payload(r.message))
	}
	for _, text := range r.thrown.reports() {
		p := payload(text)
		p.reported = true
		d = s.weigh(p)
		if c := d.found[0].cause; c.ID != Unknown && c.tier < wrapper {
			break
		}
	}
	return d
}

// failure writes the diagnosis of a payload.
func (s *Set) failure(d decision) Failure {
	found := d.found
	f := Failure{
		Cause: found[0].cause, Signal: found[0].signal, Confidence: found[0].cause.Confidence, Codes: d.codes, Facts: d.facts(),
	}
	if f.Cause == s.unknown {
		f.Facts["message"] = clean(d.text)
	}
	if found[0].words && f.Confidence == "certain" {
		f.Confidence = "likely"
	}
	for _, c := range found[1:] {
		if c.cause != f.Cause && vague[c.signal] == 0 && c.cause.Tier != "wrapper" && !slices.Contains(f.Also, c.cause.ID) {
			f.Also = append(f.Also, c.cause.ID)
		}
	}
	if i := slices.Index(f.Codes, f.Signal); i > 0 {
		f.Codes = slices.Concat([]string{f.Signal}, f.Codes[:i], f.Codes[i+1:])
	}
	if len(f.Codes) > 0 {
		code := f.Codes[0]
		f.Facts["code"] = code
		if f.Cause == s.unknown { // Microsoft's own page on it
			f.Links = append(f.Links, alert.Link{
				Title: "Microsoft's explanation of " + code,
				URL:   "https://login.microsoftonline.com/error?code=" + strings.TrimPrefix(code, "AADSTS"),
			})
		}
	} else if f.Facts["error_description"] == nil && (f.Cause.Tier == "oauth" || f.Cause == s.unknown && d.reported) {
		f.Facts.set("error_description", clean(d.words()))
	}
	f.advise()
	f.Links = append(f.Links, f.Cause.Links...)
	return f
}

type candidate struct {
	cause  *Cause
	signal string
	words  bool // it is one of the cause's words
}

// vague has 1 for codes that only wrap others: a more specific one next to them wins.
var vague = map[string]int{
	"AADSTS70002": 1, "AADSTS70000": 1, "AADSTS65005": 1, "AADSTS90023": 1, "AADSTS50000": 1, "AADSTS9002313": 1,
}

// firstMatch is the first of the expressions that matches a text, "" when none does.
func firstMatch(of []*expression, text subject) string {
	for _, re := range of {
		if re.matches(text) {
			return re.String()
		}
	}
	return ""
}

// byWords is the cause of a refusal whose code is lost, by what it is about: the first in the order of the
// catalogue, which is from the special to the general. The first sentence says it; what follows is advice.
func (s *Set) byWords(refusal string) []candidate {
	if refusal == "" {
		return nil
	}
	for _, part := range []string{firstSentence(refusal), refusal} {
		text := newSubject(part)
		for _, c := range s.causes {
			if by := firstMatch(c.words, text); by != "" {
				return []candidate{{c, by, true}}
			}
		}
	}
	return nil
}

// candidates are the causes that a text shows, the deciding one first: the
// operator's own, then by code in the order of the text, then by pattern in
// the order of the tiers. Where there is a provider code, the words of lower
// tiers are content and not cause: the provider has answered, so network,
// proxy and TLS work. So they do where it answered without a code.
func (s *Set) candidates(p message, codes []string) []candidate {
	var own, specific, provider, wrapped, rest []candidate
	for _, code := range codes {
		c, ok := s.byCode[code]
		switch {
		case !ok:
		case c.own:
			own = append(own, candidate{cause: c, signal: code})
		case vague[code] > 0:
			wrapped = append(wrapped, candidate{cause: c, signal: code})
		default:
			specific = append(specific, candidate{cause: c, signal: code})
		}
	}
	text := newSubject(inEnglish(p.text))
	for _, c := range s.causes {
		if !c.own && (len(codes) > 0 && c.tier > 0 || p.answered && slices.Contains(beforeAnswer, c.Tier)) {
			continue
		}
		by := firstMatch(c.patterns, text)
		switch {
		case by == "":
		case c.own:
			own = append(own, candidate{cause: c, signal: by})
		case c.tier == 0:
			provider = append(provider, candidate{cause: c, signal: by})
		default:
			rest = append(rest, candidate{cause: c, signal: by})
		}
	}
	found := slices.Concat(own, specific, provider, wrapped, rest)
	if len(codes) == 0 && (len(found) == 0 || found[0].cause.Tier == "wrapper" && p.words() != p.text) {
		return slices.Concat(s.byWords(p.refusal()), found)
	}
	if len(codes) == 0 && found[0].cause.ID == "oauth-invalid-request" {
		if by := s.byWords(p.description()); by != nil && by[0].cause != found[0].cause {
			return slices.Concat(by, found) // the standard's code for whatever has no other
		}
	}
	return found
}
