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
	t := Teams{Notifier: b.notifier(at, "teams", &f.rawNotifier)}
	v, from := b.secret(at, "workflow_url", f.WorkflowURL, f.WorkflowURLFile)
	b.needs(at, "workflow_url")
	if !v.IsZero() {
		u := b.url(from, v)
		b.private(from, u)
		if u != nil && strings.HasSuffix(u.Hostname(), ".webhook.office.com") {
			b.warn("%s: this is the address of an Office 365 connector, which Microsoft retires: create a workflow instead",
				withoutIndexes(from))
		}
	}
	if f.WorkflowURL != nil {
		b.holdsSecret(at + ".workflow_url")
	}
	t.WorkflowURL = v
	b.sendsTo(at, v.Reveal())
	return t
}
