package conf

import "strings"

// Teams is a workflow that posts to a channel or chat of Microsoft Teams.
type Teams struct {
	WorkflowURL Secret `toml:"workflow_url,file"`
	Notifier
}

func (b *builder) teams(at string, t *Teams) {
	b.notifier(at, &t.Notifier)
	b.secretURL(at, "workflow_url", &t.WorkflowURL)
	b.needs(at, "workflow_url")
	if strings.Contains(t.WorkflowURL.Reveal(), ".webhook.office.com/") {
		b.warn("teams: workflow_url is the address of an Office 365 connector, which Microsoft is retiring: create a workflow")
	}
	b.sendsTo(at, t.WorkflowURL.Reveal())
}
