package conf

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // time_zone must work on hosts and in containers without zone files
)

// Severity is how urgent a cause is; the zero value is low.
type Severity int

// The severities, from the least urgent to the most.
const (
	SeverityLow Severity = iota
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severities = []string{"low", "medium", "high", "critical"}

// String is the word for a severity, as written in a configuration.
func (s Severity) String() string {
	if s < SeverityLow || s > SeverityCritical {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severities[s]
}

// MarshalText is the word for a severity.
func (s Severity) MarshalText() ([]byte, error) {
	if s < SeverityLow || s > SeverityCritical {
		return nil, fmt.Errorf("no severity has the number %d", int(s))
	}
	return []byte(severities[s]), nil
}

// UnmarshalText accepts low, medium, high and critical.
func (s *Severity) UnmarshalText(text []byte) error {
	if err := oneOf("severity", string(text), severities...); err != nil {
		return err
	}
	*s = Severity(slices.Index(severities, string(text)))
	return nil
}

// Start is where reading of a log begins when it has no stored position yet.
type Start string

// The two ends of a log.
const (
	StartEnd       Start = "end"
	StartBeginning Start = "beginning"
)

// UnmarshalText accepts end and beginning.
func (s *Start) UnmarshalText(text []byte) error {
	*s = Start(text)
	return oneOf("start", string(text), string(StartEnd), string(StartBeginning))
}

// Kind is what Jira writes into a log.
type Kind string

// The kinds of logs. KindAuto is that of the file's name.
const (
	KindAuto        Kind = "auto"
	KindApplication Kind = "application"
	KindIncoming    Kind = "incoming-mail"
	KindOutgoing    Kind = "outgoing-mail"
	KindDiagnostics Kind = "diagnostics"
	KindAccess      Kind = "access"
)

// UnmarshalText accepts the kinds.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(text)
	return oneOf("kind", string(text), string(KindAuto), string(KindApplication), string(KindIncoming),
		string(KindOutgoing), string(KindDiagnostics), string(KindAccess))
}

// Optional reports whether Jira may not write such a log: that it does not exist is no
// trouble.
func (k Kind) Optional() bool { return k.Mail() || k == KindDiagnostics || k == KindAccess }

// Mail reports whether it is a mail log.
func (k Kind) Mail() bool { return k == KindIncoming || k == KindOutgoing }

// Lines reports whether each line of such a log is an event.
func (k Kind) Lines() bool { return k == KindDiagnostics || k == KindAccess }

// Mask is a kind of personal data to be replaced before anything leaves the host.
type Mask string

// What can be masked.
const (
	MaskUser  Mask = "user"
	MaskIP    Mask = "ip"
	MaskEmail Mask = "email"
	MaskHost  Mask = "host"
)

// UnmarshalText accepts user, ip, email and host.
func (m *Mask) UnmarshalText(text []byte) error {
	*m = Mask(text)
	return oneOf("mask", string(text), string(MaskUser), string(MaskIP), string(MaskEmail), string(MaskHost))
}

// zone decodes a time zone, by its IANA name; "" is the default.
const zoneHelp = `unknown time zone %s, write an IANA name such as "Europe/Paris"`

type zone struct{ location **time.Location }

func (z zone) UnmarshalText(text []byte) error {
	name := string(text)
	if name == "" {
		return nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return fmt.Errorf(zoneHelp, quote(name))
	}
	*z.location = location
	return nil
}

// messageFormat is the form of a Slack message.
type messageFormat string

const (
	formatBlocks messageFormat = "blocks"
	formatText   messageFormat = "text"
)

// UnmarshalText accepts blocks and text.
func (f *messageFormat) UnmarshalText(text []byte) error {
	*f = messageFormat(text)
	return oneOf("format", string(text), string(formatBlocks), string(formatText))
}
