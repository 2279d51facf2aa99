package conf

import "regexp"

const defaultPagerDutyAPI = "https://events.pagerduty.com/v2/enqueue"

// PagerDuty is a service of PagerDuty with an integration of the Events API v2.
type PagerDuty struct {
	Notifier
	RoutingKey Secret
	APIURL     string // of the Events API

	// AcrossNodes is whether the watchers of all nodes share one alert per integration.
	AcrossNodes bool
}

type rawPagerDuty struct {
	RoutingKey     *Secret `toml:"routing_key"`
	RoutingKeyFile *string `toml:"routing_key_file"`
	APIURL         *string `toml:"api_url"`
	AcrossNodes    bool    `toml:"across_nodes"`
	rawNotifier
}

var routingKey = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

func (b *builder) pagerduty(at string, f *rawPagerDuty) PagerDuty {
	p := PagerDuty{Notifier: b.notifier(at, "pagerduty", &f.rawNotifier), APIURL: defaultPagerDutyAPI, AcrossNodes: f.AcrossNodes}
	key, from := b.secret(at, "routing_key", f.RoutingKey, f.RoutingKeyFile)
	b.needs(at, "routing_key")
	if !key.IsZero() && !routingKey.MatchString(key.Reveal()) {
		b.problem(from, `expected the 32 letters and digits of an integration key, copy it from the service in PagerDuty, `+
			`"Integrations", "Events API V2"`)
	}
	p.RoutingKey = key
	if f.APIURL != nil {
		path := at + ".api_url"
		if p.APIURL = b.base(path, *f.APIURL); p.APIURL != "" {
			b.private(path, b.url(path, NewSecret(p.APIURL)))
		}
	}
	b.sendsTo(at, p.APIURL+" "+key.Reveal())
	return p
}
