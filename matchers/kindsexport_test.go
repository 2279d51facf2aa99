package matchers

// FactNames are the names of all facts.
var FactNames = factNames

// Computed tells whether a fact is not from the log.
func Computed(name string) bool { return kindOf(name) == computed }
