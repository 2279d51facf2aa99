package event

// Bare is a line without what a collector put before it.
func Bare(line string) string { return string(bare([]byte(line))) }

// Stripped is a text without what a collector and a page put before it.
func Stripped(text string) string { return string(trimPasted(bare([]byte(text)))) }

// IsJSON tells whether a line is an event in Jira's JSON layout.
func IsJSON(line string) bool { return isJSON([]byte(line)) }
