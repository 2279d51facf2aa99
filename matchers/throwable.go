package matchers

import (
	"regexp"
	"slices"
	"strings"
)

// thrown is one exception of a throwable: its class, and its message with the
// further lines of that.
type thrown struct{ class, message string }

// ofPlugin reports whether the exception is one of the OAuth client plugin's. No
// other part of Jira throws them.
func (t thrown) ofPlugin() bool {
	return strings.HasPrefix(t.class, pluginPackage) && strings.HasSuffix(t.class, "Exception")
}

// says reports whether the exception's message is what the provider says, or
// the exception that kept it from answering.
func (t thrown) says() bool {
	return strings.HasSuffix(t.class, ".TokenServiceException") && t.ofPlugin() && t.message != ""
}

// String is the exception as Java prints it.
func (t thrown) String() string { return strings.TrimSuffix(t.class+": "+t.message, ": ") }

const (
	pluginPackage = "com.atlassian.oauth2.client."
	causedBy      = "Caused by: "
)

var (
	exceptionLine = regexp.MustCompile(`^((?:[A-Za-z_$][\w$]*\.)+[A-Za-z_$][\w$]*(?:Exception|Error)[\w$]*)` +
		`(?:: ?(.*))?$`)
	frameLine  = regexp.MustCompile(`^[ \t]+(?:at [\w.$<>/@~-]+\(|\.\.\. \d+ |\(\.\.\.\)|Suppressed: )`)
	pastedLine = regexp.MustCompile(`^[ \t]*(?:at [\w.$<>/@~-]+\(|\.\.\. \d+ )`)
)

// throwable is an exception with its causes, the innermost last.
type throwable []thrown

// readThrowable finds the throwable with an exception of the OAuth client plugin
// in the lines after the first one of an event; nil when there is none.
//
// A throwable begins in the first column, and the layout indents the further
// lines of a message, so that the text of a user does not begin there. It may do so
// within the message of an exception: so what counts is the first exception, and
// its causes after a stack frame. With loose, the message may be the exception, and its
// lines may be in the first column: for layouts that do not indent. Of a pasted text any
// line counts.
func readThrowable(lines []string, loose, pasted bool) throwable {
	var chain throwable
	frame, framed, after, foreign, message := frameLine, false, false, false, false
	if pasted {
		frame = pastedLine
	}
	for i, line := range lines {
		line = strings.TrimRight(line, " \t\r")
		head, isCause := strings.CutPrefix(line, causedBy)
		m := exceptionLine.FindStringSubmatch(head)
		switch {
		case line == "":
		case frameLine.MatchString(line) || frame.MatchString(line):
			after, framed = len(chain) > 0, framed || len(chain) > 0
		case m != nil && isCause && (after || pasted || chain.endsInPlugin()):
			chain, after, framed = append(chain, thrown{m[1], m[2]}), false, true
		case m != nil && !isCause && (len(chain) == 0 || (pasted || loose && (foreign || message)) && !chain.hasPlugin()):
			chain, after, message = throwable{{m[1], m[2]}}, false, loose && i == 0
		case len(chain) > 0 && !after:
			chain[len(chain)-1].message += "\n" + line
		case len(chain) == 0 && line[0] != ' ' && line[0] != '\t' && !(loose && i == 0):
			foreign = true // the layout does not indent messages
		}
	}
	if !chain.hasPlugin() || !loose && (foreign || !framed) {
		return nil
	}
	return chain
}

func (t throwable) hasPlugin() bool { return slices.ContainsFunc(t, thrown.ofPlugin) }

// endsInPlugin reports whether the last exception is the plugin's, with a message
// of one line.
func (t throwable) endsInPlugin() bool {
	return len(t) > 0 && t[len(t)-1].ofPlugin() && !strings.Contains(t[len(t)-1].message, "\n")
}

// reports are the texts that may name the cause, the innermost last: what the
// plugin's innermost exception says, with what caused it, and that alone.
func (t throwable) reports() []string {
	inner := len(t) - 1
	for !t[inner].ofPlugin() {
		inner--
	}
	own, below := t[inner].String(), t[inner+1:].String()
	if t[inner].says() {
		own = t[inner].message
	}
	if below != "" {
		return []string{own + "\n" + causedBy + below, below}
	}
	return []string{own}
}

// String is the throwable as Java prints it, without stack frames.
func (t throwable) String() string {
	var all []string
	for _, x := range t {
		all = append(all, x.String())
	}
	return strings.Join(all, "\n"+causedBy)
}
