package slack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
)

// Hurry shortens the pauses of buttons.
func Hurry(b *Buttons, connect, refused time.Duration) { b.every, b.refuse = connect, refused }

// Patience is how long a connect may take.
func Patience(b *Buttons, most time.Duration) { b.connect = most }

// Silence is how long a connection may be without a ping.
func Silence(b *Buttons, most time.Duration) { b.silence = most }

// Through sends everything of buttons through a proxy.
func Through(b *Buttons, proxy *url.URL) {
	b.api.client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	b.dialer.Proxy = http.ProxyURL(proxy)
}

// Pauses are those after connections that lasted so long, one after the other.
func Pauses(lasted ...time.Duration) (pauses []time.Duration) {
	s := &socket{b: &Buttons{every: connectEvery}}
	for _, l := range lasted {
		pauses = append(pauses, s.pause(l))
	}
	return pauses
}

// Drawn is an alert as a bot draws it.
func Drawn(d alert.Data, mention string, buttons, reply bool) (text, blocks string) {
	m := message.Of(d)
	l := options{mention: mention, buttons: buttons, reply: reply, thread: !reply && threaded(m)}
	b, err := json.Marshal(draw(m, l))
	if err != nil {
		panic(err)
	}
	return notification(m, l), string(b)
}

// Hook is an alert as an incoming webhook gets it.
func Hook(d alert.Data, mention string, plain bool) string {
	b, err := json.Marshal(webhookMessage(message.Of(d), options{mention: mention}, plain))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Plain is an alert for what resembles Slack.
func Plain(d alert.Data, mention string) string { return plainText(message.Of(d), mention) }

// Opener replaces what the requests of buttons go through.
func Opener(b *Buttons, through http.RoundTripper) { b.api.client.Transport = through }
