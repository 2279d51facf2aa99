package conf

// raw is what a configuration says. What is read as it is has the types of Config; the rest
// is turned into them.
type raw struct {
	Node     string       `toml:"node"`
	StateDir string       `toml:"state_dir"`
	Jira     rawJira      `toml:"jira"`
	Logs     []Log        `toml:"log"`
	Alerts   Alerts       `toml:"alerts"`
	Causes   Causes       `toml:"causes"`
	HTTP     HTTP         `toml:"http"`
	Receive  rawReceive   `toml:"receive"`
	Probe    Probe        `toml:"probe"`
	Heart    rawHeartbeat `toml:"heartbeat"`
	Slack    []Slack      `toml:"slack"`
	Webhooks []Webhook    `toml:"webhook"`

	Integrations map[string]string `toml:"integrations"`

	Alertmanagers []rawAlertmanager `toml:"alertmanager"`
	PagerDuty     []PagerDuty       `toml:"pagerduty"`
	Email         []rawEmail        `toml:"email"`
	Teams         []Teams           `toml:"teams"`
	Maintenance   []rawMaintenance  `toml:"maintenance"`

	Ship    rawShip `toml:"ship"`
	Cluster any     `toml:"cluster,later"`
}

type rawJira struct {
	Home             string        `toml:"home"`
	MailLogs         bool          `toml:"mail_logs"`
	DiagnosticsLog   bool          `toml:"diagnostics_log"`
	URL              string        `toml:"url"`
	Token            Secret        `toml:"token,file"`
	Install          string        `toml:"install"`
	AccessLog        string        `toml:"access_log"`
	AccessPattern    accessPattern `toml:"access_pattern"`
	AlertUnreachable bool          `toml:"alert_unreachable"`
}

type rawHeartbeat struct {
	URL Secret `toml:"url,file"`
}

type rawShip struct {
	File string `toml:"file"`
}

// rawReceive is HTTP with the keys of [receive].
type rawReceive struct {
	Listen      string `toml:"otlp"`
	Token       Secret `toml:"token,file"`
	BasicAuth   Secret `toml:"basic_auth,file"`
	AllowRemote bool   `toml:"allow_remote"`
}
