package matchers

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
	"time"

	"jira-oauth-watcher/internal/event"
)

// Click is a request of a browser in a test of an integration. A POST names the
// configuration that is tested and answers with a new flow; once the provider has answered,
// the same session asks for the flow's result with a GET. A result that is a failure is
// logged as an error, with the ID of that request.
//
// (Class com.atlassian.oauth2.client.rest.resource.ClientConfigurationResource.)
type Click struct {
	At      time.Time `json:"at"`                // zero when the log's is impossible
	Session string    `json:"session,omitempty"` // a short hash: a session is a secret
	Request string    `json:"request,omitempty"` // ID of the request in Jira's logs, without its node's
	Config  string    `json:"config,omitempty"`  // of a POST: ID of the configuration, or SomeConfig
	Flow    string    `json:"flow,omitempty"`    // of a GET: UUID of the flow
	Failed  bool      `json:"failed,omitempty"`  // the result is a failure
	Access  bool      `json:"access,omitempty"`  // the access log has it, and so all that came before
	Debug   bool      `json:"debug,omitempty"`   // of a POST: Jira has logged it, as it logs all at that level
}

// SomeConfig is the ID of a configuration that a POST does not show.
const SomeConfig = "?"

var (
	postedFlow = regexp.MustCompile(`/rest/oauth2-client/[^/]{1,20}/config/flow/?$`)
	askedFlow  = regexp.MustCompile(`/rest/oauth2-client/[^/]{1,20}/config/flow/([0-9A-Fa-f-]{36})/?$`)
	requestID  = regexp.MustCompile(`\d{1,10}x\d{1,10}x\d{1,10}$`)
	configID   = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	tested     = regexp.MustCompile(`^Testing connection for configId ([0-9A-Za-z_-]{1,64})$`)
)

// ClickIn reads a line of an access log with the named groups of format: time, session,
// request, method, url and status, or line for method and URL. zone is that of times
// without an offset. It returns false for requests that were refused and for all others.
func ClickIn(line []byte, format *regexp.Regexp, zone *time.Location) (c Click, ok bool) {
	if format == nil {
		return c, false
	}
	m := format.FindSubmatch(line)
	if m == nil {
		return c, false
	}
	group := func(name string) string {
		if i := format.SubexpIndex(name); i >= 0 {
			return string(m[i])
		}
		return ""
	}
	method, address := group("method"), group("url")
	if asked := strings.Fields(group("line")); len(asked) > 1 {
		method, address = asked[0], asked[1]
	}
	u, err := url.Parse(address)
	if err != nil || u.RawPath != "" || !isFlowURL(u.Path) || !strings.HasPrefix(group("status"), "2") {
		return c, false
	}
	c.Access = true
	c.At, c.Session, c.Request = clickTime(group("time"), zone), SessionOf(group("session")), RequestOf(group("request"))
	switch flow := askedFlow.FindStringSubmatch(u.Path); {
	case method == "GET" && flow != nil && isGUID.MatchString(flow[1]):
		c.Flow = strings.ToLower(flow[1])
	case method == "POST" && postedFlow.MatchString(u.Path):
		c.Config = SomeConfig
		if id := u.Query().Get("id"); configID.MatchString(id) {
			c.Config = strings.ToLower(id)
		}
	default:
		return c, false
	}
	return c, true
}

// clickTime is a time in Tomcat's form (%t, the Common Log Format), zero when it is none.
func clickTime(s string, zone *time.Location) time.Time {
	t, _ := time.ParseInLocation("02/Jan/2006:15:04:05 -0700", s, cmp.Or(zone, time.Local))
	return t
}

// TestedIn is the POST that an event shows which Jira logs at the level DEBUG only; false
// when it is another one.
func TestedIn(e event.Event, zone *time.Location) (c Click, ok bool) {
	h, message, ok := event.Parse(string(e.Text), zone)
	m := tested.FindStringSubmatch(message)
	if !ok || m == nil || h.Level != "DEBUG" || !pluginLogger(h.Logger) && !shortLogger(h.Logger) || !isFlowURL(h.URL) {
		return c, false
	}
	return Click{
		At: h.Time, Session: SessionOf(h.Session), Request: RequestOf(h.RequestID), Config: strings.ToLower(m[1]), Debug: true,
	}, true
}

// Click is the GET whose answer a failure is; false when it is the answer to another
// request.
func (f Failure) Click() (c Click, ok bool) {
	c = Click{
		At: f.Time, Session: SessionOf(f.Header.Session), Request: RequestOf(f.Header.RequestID),
		Flow: f.Integration.Flow, Failed: true,
	}
	return c, c.Flow != "" || c.Request != "" && strings.Contains(f.Header.URL, inFlow)
}

// SessionOf is a short hash of a session's ID in a log, "" when it names none.
func SessionOf(id string) string {
	if id == "-" || strings.Trim(id, "Xx*") == "" { // unset, or masked
		return ""
	}
	return hashed("", id)
}

// RequestOf is a request's ID in a log without the node's, which some logs put before it
// (@1IOQ6UPx755x4397x2); "" when there is none.
func RequestOf(id string) string { return requestID.FindString(id) }
