package conf

import "strings"

// Teams is a workflow that posts to a channel or chat of Microsoft Teams.
type Teams struct {
	Notifier
	WorkflowURL Secret
}

type rawTeams struct {
	WorkflowURL     *Secret `toml:"workflow_url"`
	WorkflowURLFile *string `toml:"workflow_url_file"`
	rawNotifier
}

func (b *builder) teams(at string, f *rawTeams) Teams {
	t := Teams{b.notifier(at, "teams", &f.rawNotifier), b.secretURL(at, "workflow_url", f.WorkflowURL, f.WorkflowURLFile)}
	b.needs(at, "workflow_url")
	if strings.Contains(t.WorkflowURL.Reveal(), ".webhook.office.com/") {
		b.warn("teams: workflow_url is the address of an Office 365 connector, which Microsoft is retiring: create a workflow")
	}
	b.sendsTo(at, t.WorkflowURL.Reveal())
	return t
}
