package slack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/message"
)

// SlackHurry shortens the pauses of buttons.
func Hurry(b *Buttons, connect, refused time.Duration) {
	b.throttle.minimum, b.refuse = connect, refused
}

// SlackThrough sends everything of buttons through a proxy.
func Through(b *Buttons, proxy *url.URL) {
	b.redactor.next.(*http.Transport).Proxy = http.ProxyURL(proxy)
	b.dialer.Proxy = http.ProxyURL(proxy)
}

// SlackUnhurried is the transport that keeps pauses between connects.
func Unhurried(next http.RoundTripper) http.RoundTripper {
	return &throttled{next: next, minimum: connectEvery}
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

// SlackHook is an alert as an incoming webhook gets it.
func Hook(d alert.Data, mention string, plain bool) string {
	b, err := json.Marshal(webhookMessage(message.Of(d), options{mention: mention}, plain))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// SlackPlain is an alert for what resembles Slack.
func Plain(d alert.Data, mention string) string { return plainText(message.Of(d), mention) }

// SlackOpener replaces what connects of buttons go through.
func Opener(b *Buttons, through http.RoundTripper) { b.throttle.next = through }
