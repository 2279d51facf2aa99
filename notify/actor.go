package notify

// Actor says in words who can do a step.
func Actor(where string) string { return actor(where) }
