package alert

// Words with a special meaning in an alert.
const (
	Unknown = "unknown" // the ID of an integration that the log does not show, and of a cause that no other explains
	Many    = "many"    // the ID of a storm's integration

	ByFlow          = "flow"            // an integration is known by the UUID of its flow
	ByConfiguration = "configuration"   // … by the ID of its configuration in Jira
	ByApp           = "app_id"          // … by its application ID
	ByTenant        = "tenant"          // … by its tenant
	ByMailServer    = "mail_server"     // … by its mail server
	ByHandler       = "handler"         // … by the number of its mail handler
	BySuffix        = "redirect_suffix" // … by the last part of its redirect URL
	ByNothing       = "nothing"         // it is Unknown or Many

	PhaseTest    = "test"    // somebody tested or authorized a connection
	PhaseRefresh = "refresh" // Jira refreshed a token in the background
	PhaseMail    = "mail"    // Jira connected to the mail server with a token

	LinesLost = "log-lines-lost" // the cause of an alert about a log that was not read completely
)

// MaxFact is how many characters of a fact are shown.
const MaxFact = 500
