package conf

func (b *builder) slack(at string, f *fileSlack) Slack {
	s := Slack{Notifier: b.notifier(at, "slack", &f.fileNotifier)}
	v, from := b.secret(at, "webhook_url", f.WebhookURL, f.WebhookURLFile)
	b.needs(at, "webhook_url")
	if !v.IsZero() {
		u := b.url(from, v)
		if u != nil && u.Scheme != "https" && !loopback(u.Hostname()) {
			b.problem(from, "must begin with https://")
		}
	}
	if f.WebhookURL != nil {
		b.holdsSecret(at + ".webhook_url")
	}
	s.WebhookURL = v
	return s
}
