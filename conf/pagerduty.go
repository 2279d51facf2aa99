package conf

import (
	"cmp"
	"regexp"
)

const defaultPagerDutyAPI = "https://events.pagerduty.com/v2/enqueue"

// PagerDuty is a service of PagerDuty with an integration of the Events API v2.
type PagerDuty struct {
	RoutingKey Secret `toml:"routing_key,file"`
	APIURL     string `toml:"api_url"` // of the Events API

	// AcrossNodes is whether the watchers of all nodes share one alert per integration.
	AcrossNodes bool `toml:"across_nodes"`
	Notifier
}

var routingKey = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

func (b *builder) pagerduty(at string, p *PagerDuty) {
	b.notifier(at, &p.Notifier)
	from := b.secret(at, "routing_key", &p.RoutingKey)
	b.needs(at, "routing_key")
	if !p.RoutingKey.IsZero() && !routingKey.MatchString(p.RoutingKey.Reveal()) {
		b.problem(from, `expected the 32 letters and digits of an integration key, copy it from the service in PagerDuty, `+
			`"Integrations", "Events API V2"`)
	}
	b.api(at, &p.APIURL)
	p.APIURL = cmp.Or(p.APIURL, defaultPagerDutyAPI)
	b.sendsTo(at, p.APIURL+" "+p.RoutingKey.Reveal())
}
