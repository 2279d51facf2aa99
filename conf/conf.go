// Package conf reads and checks an operator's settings.
package conf

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"jira-oauth-watcher/internal/text"
)

// Config is a checked configuration with its defaults filled in. Names are
// unique, paths from the file absolute, and secrets read. Here and in its tables, a field with a
// tag is what that key says, and one without is derived.
type Config struct {
	Node          string            `toml:"node"`      // default: the host name
	StateDir      string            `toml:"state_dir"` // default: $STATE_DIRECTORY, else ./watcher-state
	Jira          Jira              `toml:"jira"`
	Logs          []Log             `toml:"log"` // may be empty: the command line can name logs too
	Alerts        Alerts            `toml:"alerts"`
	Causes        Causes            `toml:"causes"`
	HTTP          HTTP              `toml:"http"`
	Receiver      receiver          `toml:"receive"` // only while the file is read: Receive has it
	Probe         Probe             `toml:"probe"`
	Heartbeat     Heartbeat         `toml:"heartbeat"`
	Slack         []Slack           `toml:"slack"`
	Webhooks      []Webhook         `toml:"webhook"`
	Integrations  map[string]string `toml:"integrations"` // names that people know integrations by: ID = name
	Alertmanagers []Alertmanager    `toml:"alertmanager"`
	PagerDuty     []PagerDuty       `toml:"pagerduty"`
	Email         []Email           `toml:"email"`
	Teams         []Teams           `toml:"teams"`
	Maintenance   []Maintenance     `toml:"maintenance"`
	Ship          Ship              `toml:"ship"`
	Cluster       any               `toml:"cluster,later"` // not supported yet

	File      string   // where it was read from, "" = defaults only
	NodeGiven bool     // the file names it
	Receive   HTTP     // where shippers send log lines by OTLP
	Files     []string // that were read: File, and those of secrets, certificates and templates
	Warnings  []string // sentences about what works but should not stay, such as open secret files

	source *Source
}

// Jira is what is known of the Jira node.
type Jira struct {
	Home             string        `toml:"home"` // the home directory whose logs are followed, "" = none
	MailLogs         bool          `toml:"mail_logs"`
	DiagnosticsLog   bool          `toml:"diagnostics_log"`
	URL              string        `toml:"url"`               // as it is written: Alerts.JiraURL has it checked
	Token            Secret        `toml:"token,file"`        // a personal access token for Alerts.JiraURL; unset = none
	Install          string        `toml:"install"`           // the installation directory, "" = unknown
	AccessLog        string        `toml:"access_log"`        // may have %Y, %m, %d, %H and %M in its base name; "" = none
	AccessPattern    accessPattern `toml:"access_pattern"`    // AccessLine has it
	AlertUnreachable bool          `toml:"alert_unreachable"` // alert when Jira loses the connection to a mail server

	Given      bool           // the logs are of one Jira: what they say of one failure is put together
	AccessLine *regexp.Regexp // the form of the lines of AccessLog, with the groups that matchers.ClickIn names
}

// Log is one log file to follow.
type Log struct {
	Path        string         `toml:"path"`
	Kind        Kind           `toml:"kind"` // never KindAuto
	Name        string         `toml:"name"` // default: the base name of Path
	Start       Start          `toml:"start"`
	TimeZone    *time.Location `toml:"time_zone"`    // of timestamps without an offset; default time.Local
	SilentAfter time.Duration  `toml:"silent_after"` // alert when the log has had no line for this long; 0 = never
	Poll        bool           `toml:"poll"`         // poll the file instead of using inotify
}

// Alerts are when to alert, and what to leave out.
type Alerts struct {
	RepeatInterval time.Duration `toml:"repeat_interval"` // 0 = no reminders
	QuietAfter     time.Duration `toml:"quiet_after"`
	Mute           []string      `toml:"mute"` // ids of causes, to be checked by CheckCauses
	MinSeverity    Severity      `toml:"min_severity"`
	Mask           []Mask        `toml:"mask"`
	JiraURL        string        `toml:"jira_url"` // base URL of Jira without a slash at the end, "" = unknown
	// FoldRetries is for how long further attempts of one person with one application
	// and one cause belong to the incident of the first; 0 = never.
	FoldRetries time.Duration `toml:"fold_retries"`
	// Burst is how many incidents of one cause or application may open before they share one
	// alert.
	Burst Burst `toml:"burst"`
	// Storm is how many incidents may open within a minute, whatever their causes, before
	// they share one alert; 0 = off.
	Storm int `toml:"storm"`
	// Announce is whether to alert to a start of the program.
	Announce bool `toml:"announce"`
	// DisplayZone is the time zone of texts and pages; nil = the log's offset.
	DisplayZone *time.Location `toml:"display_zone"`
}

// Causes are the operator's causes.
type Causes struct {
	Dir      string `toml:"dir"`
	DirGiven bool   // the file names Dir, so it must exist
}

// HTTP is a listener: that of the status page, its JSON, health and metrics, or the receiver's.
type HTTP struct {
	Listen      string `toml:"listen"` // host:port; "" = off
	Token       Secret // a bearer token that a client must give; unset = none
	BasicAuth   Secret `toml:"basic_auth,file"` // or user:password; unset = none
	AllowRemote bool   `toml:"allow_remote"`    // other machines may ask without a password
}

// receiver is HTTP with the keys of [receive].
type receiver struct {
	Listen      string `toml:"otlp"`
	Token       Secret `toml:"token,file"`
	BasicAuth   Secret `toml:"basic_auth,file"`
	AllowRemote bool   `toml:"allow_remote"`
}

// Heartbeat is an address to request while all is well.
type Heartbeat struct {
	URL Secret `toml:"url,file"` // unset = none
}

// Ship is where each failure is written to.
type Ship struct {
	File string `toml:"file"` // Stdout = standard output, "" = none
}

// Notifier is what all notifiers have in common.
type Notifier struct {
	Name        string        `toml:"name"`
	MinSeverity Severity      `toml:"min_severity"`
	Timeout     time.Duration `toml:"timeout"`
	RetryFor    time.Duration `toml:"retry_for"`
	CAFile      string        `toml:"ca_file"` // a file of certificates in PEM form, "" = those of the system
}

// Rules are what all notifiers have in common.
func (n Notifier) Rules() Notifier { return n }

// Client is how requests are made to an HTTP receiver.
type Client struct {
	Headers    map[string]Secret `toml:"headers"`
	ClientCert string            `toml:"client_cert"` // a file of client certificates in PEM form, "" = none
	ClientKey  string            `toml:"client_key"`  // its private key
}

// Load reads a configuration file and the secret files it names. Mistakes in them are
// returned as Problems, all at once.
func Load(path string) (*Config, error) {
	data, mode, err := readFile(path, maxText)
	if mode.IsDir() {
		err = errors.New("is a directory")
	}
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, text.WithoutPath(err))
	}
	c, err := Default()
	if err != nil {
		return nil, err
	}
	source, problems := decode(path, data, c, true)
	if source == nil {
		return nil, problems
	}
	c.File, c.Files, c.source = path, []string{path}, source
	b := builder{checker: checker{source, problems}, conf: c, mode: mode,
		names: map[string]string{}, destinations: map[string]string{}}
	b.check(c)
	if len(b.problems) > 0 {
		b.problems.Sort()
		return nil, b.problems
	}
	return c, nil
}

// Default is the configuration without a file.
func Default() (*Config, error) {
	node, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the host name, the default of node: %w", err)
	}
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd may give several
	pattern := defaultAccessPattern()
	return &Config{
		Node:     node,
		StateDir: cmp.Or(state, "./watcher-state"),
		Jira:     Jira{MailLogs: true, DiagnosticsLog: true, AccessPattern: pattern, AccessLine: pattern.line},
		Alerts:   Alerts{RepeatInterval: 4 * time.Hour, QuietAfter: 24 * time.Hour, Storm: 50},
		Causes:   Causes{Dir: filepath.Join(Directory, "causes.d")},
		source:   &Source{},
	}, nil
}

// NewLog is a log that the command line names.
func NewLog(path string) Log {
	return Log{Path: path, Kind: KindOf(path), Name: filepath.Base(path), Start: StartEnd, TimeZone: time.Local}
}

// AddLog adds a log, whose name becomes one that no other has.
func (c *Config) AddLog(l Log) {
	for slices.ContainsFunc(c.Logs, func(other Log) bool { return other.Name == l.Name }) {
		l.Name += "+" // such as the same file name in two directories
	}
	c.Logs = append(c.Logs, l)
}
