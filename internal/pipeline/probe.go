package pipeline

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/text"
)

// Jira's in-product diagnostics look at each mail server once a minute, and write what they
// saw as JSON after this word:
//
//	IPDMONITORING {"timestamp":"1692197906","label":"MAIL.INCOMING.CONNECTION.STATE",
//	  "tags":{"serverName":"Help desk 365"},"attributes":{"connected":"false","totalFailures":"23"}}
const ipd = "IPDMONITORING "

const (
	maxProbe  = 16 << 10 // bytes of a line
	maxServer = 200      // of a server's name
)

// findProbe is Find for the diagnostics log.
func findProbe(text []byte) int { return bytes.Index(text, []byte(`"MAIL.`)) }

// probe is what an event of the diagnostics log says of a mail server, and whether that is
// news.
func (l *Log) probe(e event.Event) (p incident.Probe, news bool) {
	p, ok := probeIn(e.Text)
	was, known := l.connected[p.Direction+"/"+p.Server]
	return p, ok && (!known || was != p.Connected)
}

// probed takes it.
func (l *Log) probed(e event.Event) {
	p, news := l.probe(e)
	if !news {
		return
	}
	name := p.Direction + "/" + p.Server
	if l.connected == nil || len(l.connected) > 1000 {
		l.connected = map[string]bool{}
	}
	l.connected[name] = p.Connected
	l.batch.probes = append(l.batch.probes, p)
}

// probeIn reads a line of the diagnostics log. Values may be strings, and a single server
// has no name.
func probeIn(line []byte) (p incident.Probe, ok bool) {
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
	label := strings.ToUpper(m.Label)
	switch {
	case strings.HasPrefix(label, "MAIL.INCOMING.CONNECTION.STATE"):
		p.Direction = "incoming"
	case strings.HasPrefix(label, "MAIL.OUTGOING.CONNECTION.STATE"):
		p.Direction = "outgoing"
	default:
		return p, false
	}
	connected, err := strconv.ParseBool(scalar(m.Attributes["connected"]))
	if err != nil {
		return p, false // a metric that was never filled
	}
	p.Server, p.Connected = text.Cut(text.Printable(m.Tags.ServerName), maxServer), connected
	p.At = clock.Now()
	if seconds, err := strconv.ParseInt(scalar(m.Timestamp), 10, 64); err == nil {
		if at, ok := incident.PlausibleTime(time.Unix(seconds, 0), p.At); ok {
			p.At = at
		}
	}
	return p, true
}

// scalar is a JSON string, number or boolean as text.
func scalar(value json.RawMessage) string { return strings.ToLower(strings.Trim(string(value), `" `)) }
