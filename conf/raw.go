package conf

// raw is the text of a configuration. A nil pointer is an absent key, or one that had
// a problem.
type raw struct {
	Node     *string      `toml:"node"`
	StateDir *string      `toml:"state_dir"`
	Jira     rawJira      `toml:"jira"`
	Logs     []rawLog     `toml:"log"`
	Alerts   rawAlerts    `toml:"alerts"`
	Causes   rawCauses    `toml:"causes"`
	HTTP     rawHTTP      `toml:"http"`
	Receive  rawReceive   `toml:"receive"`
	Probe    rawProbe     `toml:"probe"`
	Heart    rawHeartbeat `toml:"heartbeat"`
	Slack    []rawSlack   `toml:"slack"`
	Webhooks []rawWebhook `toml:"webhook"`

	Integrations map[string]string `toml:"integrations"`

	Alertmanagers []rawAlertmanager `toml:"alertmanager"`
	PagerDuty     []rawPagerDuty    `toml:"pagerduty"`
	Email         []rawEmail        `toml:"email"`
	Teams         []rawTeams        `toml:"teams"`
	Maintenance   []rawMaintenance  `toml:"maintenance"`

	Ship    rawShip `toml:"ship"`
	Cluster any     `toml:"cluster,later"`
}

type rawJira struct {
	Home             *string       `toml:"home"`
	MailLogs         *bool         `toml:"mail_logs"`
	DiagnosticsLog   *bool         `toml:"diagnostics_log"`
	URL              string        `toml:"url"`
	Token            *Secret       `toml:"token"`
	TokenFile        *string       `toml:"token_file"`
	Install          *string       `toml:"install"`
	AccessLog        *string       `toml:"access_log"`
	AccessPattern    accessPattern `toml:"access_pattern"`
	AlertUnreachable bool          `toml:"alert_unreachable"`
}

type rawProbe struct {
	OnAlert    bool    `toml:"on_alert"`
	TrustStore *string `toml:"trust_store"`
	Proxy      string  `toml:"proxy"`
}

type rawLog struct {
	Path        *string   `toml:"path"`
	Kind        Kind      `toml:"kind"`
	Name        *string   `toml:"name"`
	Start       *Start    `toml:"start"`
	TimeZone    *zone     `toml:"time_zone"`
	SilentAfter *duration `toml:"silent_after"`
	Poll        bool      `toml:"poll"`
}

type rawAlerts struct {
	RepeatInterval *duration   `toml:"repeat_interval"`
	QuietAfter     *duration   `toml:"quiet_after"`
	Mute           []string    `toml:"mute"`
	MinSeverity    Severity    `toml:"min_severity"`
	Mask           []Mask      `toml:"mask"`
	JiraURL        string      `toml:"jira_url"`
	FoldRetries    *duration   `toml:"fold_retries"`
	Burst          Burst       `toml:"burst"`
	Storm          *int        `toml:"storm"`
	Announce       bool        `toml:"announce"`
	DisplayZone    displayZone `toml:"display_zone"`
}

type rawHeartbeat struct {
	URL     *Secret `toml:"url"`
	URLFile *string `toml:"url_file"`
}

type rawShip struct {
	File *string `toml:"file"`
}

type rawCauses struct {
	Dir *string `toml:"dir"`
}

type rawHTTP struct {
	Listen *string `toml:"listen"`
	rawAccess
}

type rawReceive struct {
	OTLP      *string `toml:"otlp"`
	Token     *Secret `toml:"token"`
	TokenFile *string `toml:"token_file"`
	rawAccess
}

type rawAccess struct {
	BasicAuth     *Secret `toml:"basic_auth"`
	BasicAuthFile *string `toml:"basic_auth_file"`
	AllowRemote   bool    `toml:"allow_remote"`
}

type rawNotifier struct {
	Name        *string   `toml:"name"`
	MinSeverity Severity  `toml:"min_severity"`
	Timeout     *duration `toml:"timeout"`
	RetryFor    *duration `toml:"retry_for"`
	CAFile      *string   `toml:"ca_file"`
}

type rawClient struct {
	Headers    map[string]Secret `toml:"headers"`
	ClientCert *string           `toml:"client_cert"`
	ClientKey  *string           `toml:"client_key"`
}
