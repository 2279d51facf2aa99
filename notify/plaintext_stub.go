package notify

// plainText is an alert for receivers that only resemble Slack.
func plainText(d Data, mention string) string {
	return slackText(d, look{mention: mention})
}
