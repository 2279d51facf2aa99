package matchers

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/text"
)

// Probe is one look of Jira's in-product diagnostics at a mail server. They look at each
// once a minute, and write what they saw as JSON after the word IPDMONITORING:
//
//	IPDMONITORING {"timestamp":"1692197906","label":"MAIL.INCOMING.CONNECTION.STATE",
//	  "tags":{"serverName":"Help desk 365"},"attributes":{"connected":"false","totalFailures":"23"}}
type Probe struct {
	Direction string // incoming or outgoing
	Server    string // its name, "" where there is only one; untrusted
	Connected bool
	At        time.Time // zero when the log's is impossible
}

const (
	ipd       = "IPDMONITORING "
	maxProbe  = 16 << 10 // bytes of a line
	maxServer = 200      // characters of a server's name
)

var probed = regexp.MustCompile(`^(?i:MAIL\.(INCOMING|OUTGOING)\.CONNECTION\.STATE)`)

// Name tells servers apart.
func (p Probe) Name() string { return p.Direction + "/" + p.Server }

// findProbe is Find for the lines of a diagnostics log.
func findProbe(text []byte) int { return bytes.Index(text, []byte(`"MAIL.`)) }

// ProbeIn reads an event of a diagnostics log; false when it is about something else.
func ProbeIn(line []byte) (p Probe, ok bool) {
	_, object, found := bytes.Cut(line, []byte(ipd))
	if !found || len(object) > maxProbe {
		return p, false
	}
	var m struct {
		Timestamp  json.RawMessage
		Label      string
		Tags       struct{ ServerName string }
		Attributes map[string]json.RawMessage
	}
	if json.Unmarshal(object, &m) != nil {
		return p, false
	}
	label := probed.FindStringSubmatch(m.Label)
	connected, err := strconv.ParseBool(scalar(m.Attributes["connected"]))
	if label == nil || err != nil {
		return p, false // another metric, or one that was never filled
	}
	p.Direction = strings.ToLower(label[1])
	p.Server, p.Connected = text.Cut(text.Printable(m.Tags.ServerName), maxServer), connected
	if seconds, err := strconv.ParseInt(scalar(m.Timestamp), 10, 64); err == nil {
		p.At = time.Unix(seconds, 0)
	}
	return p, true
}

// scalar is a JSON string, number or boolean as text.
func scalar(value json.RawMessage) string { return strings.ToLower(strings.Trim(string(value), `" `)) }

// ServerUnreachable is the cause of a mail server that cannot be reached.
const ServerUnreachable = "mail-server-unreachable"

// Unreachable is a failure of which only the diagnostics tell, line is where. They do not
// say why, and look at mail servers that do not use OAuth 2.0 as well.
func (s *Set) Unreachable(p Probe, line []byte, zone *time.Location) Failure {
	id := ServerID(p.Server)
	cause, _ := s.Cause(ServerUnreachable) // it is built in
	c := *cause
	if c.Severity = conf.SeverityLow; !c.own {
		c.Diagnosis = "Jira's own diagnostics have failed to connect to this mail server several times in a row. They do not " +
			"say why, and no other log does so far. The mailbox may not be using OAuth 2.0."
		c.Fix = append([]Step{{Where: "jira-admin", Text: "Test the connection: Jira ⚙ > System > Incoming mail " +
			"(or Outgoing mail) > Edit > Test Connection. If it fails, Jira shows or logs the reason."}}, c.Fix...)
		c.Confirm = "Test Connection of the mail server succeeds."
	}
	f := Failure{
		Time: p.At, Integration: Integration{ID: id, KnownBy: alert.ByMailServer}, Known: []string{id},
		Cause: &c, Confidence: c.Confidence, Facts: Facts{}, Links: c.Links,
		Impact: Impact{Phase: alert.PhaseMail}, Mailbox: Mailbox{Server: p.Server}, Text: string(line),
	}
	f.Header, _, _ = event.Parse(f.Text, zone)
	return f
}
