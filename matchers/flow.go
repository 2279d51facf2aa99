package matchers

import (
	"regexp"
	"slices"
	"strings"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/event"
)

// flowURLs are how the paths of the flow's requests begin, after a context path of
// at most one segment.
var flowURLs = []string{"/rest/oauth2-client/", "/plugins/servlet/oauth2/client/callback"}

// isFlowURL reports whether a request belongs to the flow.
func isFlowURL(url string) bool {
	context, _, _ := strings.Cut(strings.TrimPrefix(url, "/"), "/")
	return hasPrefix(url, flowURLs) || strings.HasPrefix(url, "/") && context != "" &&
		!strings.ContainsAny(context, " \t\n\f\r?;#") && hasPrefix(url[1+len(context):], flowURLs)
}

// inFlow comes before the UUID of a flow.
const inFlow = "config/flow/"

// flowID is the UUID of the flow in a URL, "" when there is none.
func flowID(url string) string {
	for _, rest, found := strings.Cut(url, inFlow); found; _, rest, found = strings.Cut(rest, inFlow) {
		if event.Shaped(rest, uuidShape) {
			return rest[:len(uuidShape)]
		}
	}
	return ""
}

// callbackSuffix is the last part of a callback's URL, which tells integrations
// apart; "" when there is none.
func callbackSuffix(url string) string {
	_, rest, _ := strings.Cut(url, flowURLs[1]+"/")
	rest, _, _ = strings.Cut(rest, "?")
	if !kinds["suffix"].fits(rest) {
		return ""
	}
	return rest
}

// The threads of requests, and those that work in the background: they inherit the
// fields of the request that started them. The names of plugins' pools are
// their own.
var (
	requestThread = regexp.MustCompile(`(?:^|[-_])exec[-_ ]?\d|^(?:https?|ajp|qtp|XNIO)[-\d]`)
	poolThread    = regexp.MustCompile(`(?i)^caesium|quartz|scheduler|^audit-events|forkjoinpool|pool|thread|` +
		`execut|worker|async|queue|task|event|job|timer|cache|cleaner|index|webhook|automation`)
)

// background reports whether a thread is not that of a request.
func background(thread string) bool {
	return !requestThread.MatchString(thread) && poolThread.MatchString(thread)
}

// sharedLoggers are how loggers of com.atlassian.oauth2.client and of …common, which
// the layouts shorten alike, go on in the first.
var sharedLoggers = []string{"rest.resource.", "r.", "lib.", "l.", "storage.", "s.", "api.", "a."}

// pluginLogger reports whether a logger is of the OAuth client plugin, in the forms
// in which Jira's layouts print it.
func pluginLogger(logger string) bool {
	if rest, ok := strings.CutPrefix(logger, "c.a.o.c."); ok {
		return hasPrefix(rest, sharedLoggers)
	}
	return hasPrefix(logger, []string{pluginPackage, "c.a.o.client.", "c.a.oauth2.client.", "oauth2.client."})
}

// shortLogger reports whether a logger is one of the plugin's in the four last
// parts that some layouts print.
func shortLogger(logger string) bool {
	return hasPrefix(logger, []string{"client.rest.resource.", "client.lib.", "client.storage."})
}

func hasPrefix(s string, of []string) bool {
	return slices.ContainsFunc(of, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// mailLogger reports whether a logger is of Jira's code that fetches or sends mail, or of
// code for OAuth. A mail log names none.
func mailLogger(logger string) bool {
	return ofMail.MatchString(logger) && !ofOthers.MatchString(logger)
}

var (
	ofMail   = regexp.MustCompile(`(?i)mail|oauth|imap|smtp|pop3|\.emh\.`)
	ofOthers = regexp.MustCompile(`^(?:com\.(?:[b-z]|a[a-su-z]|at[a-km-z])|c\.[b-z]|(?:org|net|io|de|eu|o|n)\.)`)
)

// report is what makes an event a failure.
type report struct {
	header  event.Header
	message string
	reason  string
	phase   string
	thrown  throwable // of a background refresh
	said    string    // by a mail server
}

func severe(level string) bool { return level == "WARN" || level == "ERROR" || level == "FATAL" }

// reportOf decides by level, request URL, logger and throwable, never by words of
// the message: other parts of Jira report the same errors. In a mail log, the causes of
// set decide. pasted is whether indentation may be lost.
func reportOf(h event.Header, text, message string, pasted bool, set func() *Set) (r report, ours bool) {
	r = report{header: h, message: message}
	if !severe(h.Level) {
		r.reason = "its level is " + h.Level + ", not WARN, ERROR or FATAL"
		return r, false
	}
	flow := isFlowURL(h.URL)
	threaded := h.URL == "" && isFlowURL(h.ThreadURL)
	plugin := pluginLogger(h.Logger) || (flow || threaded) && shortLogger(h.Logger)
	if flow && !background(h.Thread) {
		r.phase, r.reason = alert.PhaseTest, "its request URL belongs to the OAuth client flow"
		return r, true
	}
	if strings.Contains(message, pluginPackage) {
		loose := pasted || plugin || h.Thread == "" || mailLogger(h.Logger) // a mail log's thread is after the level
		r.thrown = readThrowable(afterMessage(text, message, loose), loose, pasted)
	}
	switch {
	case threaded && plugin && !background(h.Thread):
		r.thrown, r.phase = nil, alert.PhaseTest
		r.reason = "its logger belongs to the OAuth client plugin, and the URL in its thread name to the flow"
	case r.thrown != nil:
		r.phase, r.reason = alert.PhaseRefresh, "an exception of the OAuth client plugin was thrown: "+
			"a background refresh of a token failed"
	case plugin:
		r.reason = "its logger belongs to the OAuth client plugin"
		if !background(h.Thread) && (strings.Contains(h.URL, flowURLs[0]) || strings.Contains(h.URL, flowURLs[1])) {
			r.phase = alert.PhaseTest // a context path of several segments
		}
	case h.MailLog:
		return set().mailReport(r)
	default:
		r.reason = "neither its request URL nor its logger belongs to the OAuth client flow, " +
			"and no exception of the OAuth client plugin was thrown"
		return r, false
	}
	return r, true
}

// afterMessage are the lines of an event after the first one of its message, and
// that one too if it may be an exception.
func afterMessage(text, message string, first bool) []string {
	if before, ok := strings.CutSuffix(strings.TrimSpace(text), message); ok {
		message = before[len(strings.TrimRight(before, " \t\r\n")):] + message
	}
	lines := strings.Split(message, "\n")
	lines[0] = strings.TrimLeft(lines[0], " \t")
	if !first {
		return lines[1:]
	}
	return lines
}
