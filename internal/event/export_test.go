package event

// Bare is a line without what a collector put before it.
func Bare(line string) string { return string(bare([]byte(line))) }
