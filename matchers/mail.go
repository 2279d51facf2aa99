package matchers

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
)

// A mailbox is one of OAuth 2.0 when what Jira reports of it has one of these. Its
// password would be the same failure of another kind of mailbox.
var mailSigns = []string{"XOAUTH2", "AADSTS", pluginPackage}

// findMail is Find for the lines of a mail log.
func findMail(text []byte) int {
	first := -1
	for _, sign := range mailSigns {
		if i := bytes.Index(text, []byte(sign)); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}

// What precedes a mail server's answer in the first line of a message: Jira's own words.
var mailLead = regexp.MustCompile(`^(?:Messaging Exception in service '[\w.$]{1,200}' when getting mail|` +
	`Exception when MailPullerWorker pulls emails): `)

// connecting are the exceptions that a connection or a sign-in throws. Those of parsing and
// of a recipient repeat what a mail or its sender says.
var connecting = regexp.MustCompile(`\.(?:AuthenticationFailed|MailConnect|SocketConnect|Messaging|FolderNotFound|FolderClosed|` +
	`StoreClosed|SMTPSendFailed|Protocol|BadCommand|CommandFailed|Connection|ODataError|GraphService)(?:Exception)?$`)

// mailReport is the report of an event of a mail log that Jira could not connect to a mailbox
// of OAuth 2.0, or not sign in to it: what an exception says counts, or Jira's own words before
// a server's answer; a subject or an address in the message does not.
func (s *Set) mailReport(r report) (report, bool) {
	lines := strings.Split(r.message, "\n")
	_, first := mailFields(inMailLog, lines[0])
	var said []string
	if lead := mailLead.FindString(first); lead != "" {
		said = append(said, first[len(lead):])
	}
	chain, frames := exceptionsIn(lines[1:])
	for _, x := range chain {
		if x.ofPlugin() || connecting.MatchString(x.class) {
			said = append(said, x.String())
		}
	}
	evidence := strings.Join(said, "\n") + frames
	if !slices.ContainsFunc(mailSigns, func(sign string) bool { return strings.Contains(evidence, sign) }) {
		r.reason = "it is from a mail log, and nothing in it is related to OAuth 2.0"
		return r, false
	}
	slices.Reverse(said) // the innermost exception has the reason
	for _, text := range said {
		d := s.weigh(payload(text))
		if c := d.found[0].cause; len(d.codes) > 0 || strings.HasPrefix(c.ID, "mail-") {
			r.said, r.phase, r.reason = text, alert.PhaseMail, "the connection to an OAuth 2.0 mailbox failed"
			return r, true
		}
	}
	r.reason = "it is from a mail log, and no connection or sign-in cause matches its text"
	return r, false
}

// exceptionsIn are the exceptions of a stack trace, the outermost first, and its frames.
func exceptionsIn(lines []string) (chain throwable, frames string) {
	nested, open := false, false
	for _, line := range lines {
		head := strings.TrimPrefix(strings.TrimRight(line, " \t\r"), causedBy)
		if nested {
			head = strings.TrimLeft(head, " \t") // Jakarta Mail's own form of a cause
		}
		m := exceptionLine.FindStringSubmatch(head)
		switch {
		case pastedLine.MatchString(line):
			frames, open = frames+"\n"+line, false
		case m != nil:
			chain, open = append(chain, thrown{m[1], m[2]}), true
		case open:
			chain[len(chain)-1].message += "\n" + line
		}
		nested = strings.HasSuffix(head, "nested exception is:")
	}
	return chain, frames
}
