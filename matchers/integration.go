package matchers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
)

// Integration is the one that failed.
type Integration struct {
	ID      string // what it is known by, or Unknown
	Flow    string // the flow's UUID in lower case, "" when the event shows none
	KnownBy string // see alert.ByFlow
	Name    string // as Jira has it, "" = not known
	Client  string // ID of its application, as Jira has it
	Tokens  string // known host of its token endpoint, as Jira has it; "" = not known
	Likely  string // host of the tokens of the other open incidents; "" = not known or not one

	// Callback is the ID under which the callback of the same request has reported
	// this failure just before; "" for most failures.
	Callback string
}

// OfConfiguration is a failure as one of the integration with an ID in Jira.
func (f Failure) OfConfiguration(id string) Failure {
	f.Integration.ID, f.Integration.KnownBy = id, alert.ByConfiguration
	f.Known = append([]string{id}, f.Known...)
	return f
}

// identity is what a text says of the integration.
type identity struct {
	known  []string // its IDs, the best first
	by     string   // what kind of ID the first one is
	suffix string
}

// suffixMismatch is the cause of a failure that Jira logs twice.
const suffixMismatch = "jira-redirect-suffix-mismatch"

// requestURLs are the URLs of the request that an event belongs to. A thread keeps
// the name of an earlier request, so its URL counts only where the header's own is
// absent, or is the flow's and masked. A thread in the background has both from
// another request.
func (r report) requestURLs() []string {
	h := r.header
	switch {
	case r.phase == alert.PhaseRefresh, r.phase == alert.PhaseMail:
		return nil
	case h.URL == "" || strings.Contains(h.URL, "/config/flow/"):
		return []string{h.URL, h.ThreadURL}
	}
	return []string{h.URL}
}

// flow is the UUID of the flow, "" when the event shows none.
func (r report) flow() string {
	for _, url := range r.requestURLs() {
		if id := flowID(url); id != "" {
			return strings.ToLower(id)
		}
	}
	return ""
}

// needsIdentity reports whether the integration depends on the text.
func needsIdentity(r report, c *Cause) bool { return c.ID == suffixMismatch || r.flow() == "" }

// integration is the one that failed. of is what the text says of it, nil if it
// does not matter.
func integration(r report, of *identity, c *Cause) Integration {
	if id := r.flow(); id != "" {
		i := Integration{ID: id, Flow: id, KnownBy: alert.ByFlow}
		if c.ID == suffixMismatch {
			i.Callback = of.suffix
		}
		return i
	}
	if of.known != nil {
		return Integration{ID: of.known[0], KnownBy: of.by}
	}
	suffix := of.suffix
	for _, url := range r.requestURLs() {
		suffix = cmp.Or(callbackSuffix(url), suffix)
	}
	if suffix != "" {
		return Integration{ID: suffix, KnownBy: alert.BySuffix}
	}
	return Integration{ID: Unknown, KnownBy: alert.ByNothing}
}

// identityOf is what facts and mailbox say of the integration.
func identityOf(f Facts, m Mailbox) identity {
	of := identity{suffix: f.Text("actual_suffix")}
	add := func(id, by string) {
		of.known, of.by = append(of.known, id), cmp.Or(of.by, by)
	}
	if app := f.Text("app_id"); app != "" {
		add(strings.ToLower(app), alert.ByApp)
	}
	switch tenant := cmp.Or(f.Text("tenant_id"), f.Text("tenant")); {
	case of.known != nil: // a tenant has many applications
	case isGUID.MatchString(tenant):
		add(strings.ToLower(tenant), alert.ByTenant)
	case tenant != "":
		add(hashed("tenant-", tenant), alert.ByTenant)
	}
	if m.Server != "" && (m.HandlerID == "" || !isHost.MatchString(m.Server)) { // a host is that of many mailboxes
		add(ServerID(m.Server), alert.ByMailServer)
	}
	if m.HandlerID != "" {
		add("handler-"+m.HandlerID, alert.ByHandler)
	}
	return of
}

const serverPrefix = "mail-server-"

// ServerID is the ID of an integration that is known by its mail server.
func ServerID(name string) string { return hashed(serverPrefix, name) }

// IsServerID reports whether an ID is one of those.
func IsServerID(id string) bool { return strings.HasPrefix(id, serverPrefix) }

// hashed makes an ID of a name in a log: an ID has no spaces, and is not masked.
func hashed(prefix, name string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return prefix + hex.EncodeToString(sum[:4])
}

// Mailbox is what an event says of the mailbox that failed. It is untrusted.
type Mailbox struct {
	Server    string // name or host of the mail server
	Handler   string // name of the mail handler
	HandlerID string // its number
}

// handler is what Jira's mail code begins a message with: Help Desk Handler[10100]: Messaging Exception …
const handler = `(?:([^\[\]:\r\n]{1,100})\[(\d{1,18})\]: )?`

var (
	// A mail log has the server after the level: [365 IMAP] Caesium-1-3 anonymous …
	inMailLog = regexp.MustCompile(`^(?:\[([^\]\r\n]{0,100})\] \S+ \S+ )?` + handler)
	inJiraLog = regexp.MustCompile(`^()` + handler)
	isHost    = regexp.MustCompile(`^[\w-]+(?:\.[\w-]+)+$`)
	atServer  = regexp.MustCompile(`the folder '[^'\r\n]{1,100}' at (` + host + `)`)
)

// mailbox is what a header and the first line of its message say of the mailbox.
func mailbox(h event.Header, message string) (m Mailbox) {
	fields := inJiraLog
	switch {
	case h.MailLog:
		fields = inMailLog
	case h.Thread != "" && !mailLogger(h.Logger):
		return m
	}
	m, _ = mailFields(fields, message)
	if found := atServer.FindStringSubmatch(message); found != nil && m.Server == "" {
		m.Server = strings.TrimRight(found[1], ".")
	}
	return m
}

// mailFields takes what a message says of the mailbox off its beginning.
func mailFields(fields *regexp.Regexp, message string) (m Mailbox, rest string) {
	found := fields.FindStringSubmatch(message)
	return Mailbox{Server: clean(found[1]), Handler: clean(found[2]), HandlerID: found[3]}, message[len(found[0]):]
}

// Impact is what a failure means for mail.
type Impact struct {
	Phase   string // what Jira was doing: alert.PhaseTest or PhaseRefresh; "" = not known
	Refused bool   // the provider refused to refresh the token: it will go on refusing
}

// temporary are the answers of providers that they may not repeat.
var temporary = []string{"entra-transient", "entra-throttled", "oauth-server-error"}

// impact is that of a failure with its cause.
func impact(phase string, c *Cause, codes []string, t throwable) Impact {
	i := Impact{Phase: phase}
	if phase != alert.PhaseRefresh || slices.Contains(temporary, c.ID) {
		return i
	}
	if c.ID == Unknown {
		inner := t[len(t)-1]
		i.Refused = len(codes) > 0 || inner.says() && !exceptionRE.MatchString(inner.message)
	} else {
		i.Refused = len(codes) > 0 || slices.Contains([]string{"provider", "sentence", "oauth"}, c.Tier)
	}
	return i
}

// Severity is how severe a failure is, as one of so many of its incident. What
// an operator has written holds. While a token cannot be refreshed,
// no mail comes: that is critical if the provider refused it, and if it happens
// again.
func (i Impact) Severity(c *Cause, failures int) conf.Severity {
	switch {
	case i.Phase != alert.PhaseRefresh || c.ownSeverity:
		return c.Severity
	case i.Refused || failures > 1:
		return conf.SeverityCritical
	}
	return max(c.Severity, conf.SeverityHigh)
}
