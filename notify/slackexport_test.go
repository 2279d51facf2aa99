package notify

import "encoding/json"

// SlackHook is an alert as an incoming webhook gets it.
func SlackHook(d Data, mention string, plain bool) string {
	b, err := json.Marshal(slackMessage(d, look{mention: mention}, plain))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// SlackPlain is an alert for what resembles Slack.
func SlackPlain(d Data, mention string) string { return plainText(d, mention) }
