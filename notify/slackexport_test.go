package notify

import "encoding/json"

// SlackDrawn is an alert as a bot draws it.
func SlackDrawn(d Data, mention string, buttons, reply bool) (text, blocks string) {
	l := look{mention: mention, buttons: buttons, reply: reply}
	b, err := json.Marshal(slackBlocks(d, l))
	if err != nil {
		panic(err)
	}
	return slackText(d, l), string(b)
}

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

// SlackShortened is shortened.
func SlackShortened(s string, limit int) string { return shortened(s, limit) }
