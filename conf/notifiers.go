package conf

import (
	"regexp"
	"time"
)

// needs refuses a table that has neither key nor key_file.
func (b *builder) needs(at, key string) {
	if b.given(at, key) == "" {
		b.problem(at, "%s or %[1]s_file is missing", key)
	}
}

// given is the path of key or key_file, whichever is there; "" if none is.
func (b *builder) given(at, key string) string {
	for _, path := range []string{at + "." + key, at + "." + key + "_file"} {
		if b.source.Has(path) {
			return path
		}
	}
	return ""
}

// holdsSecret records that others should not be able to read the configuration file, unless the
// secret is in the environment.
func (b *builder) holdsSecret(path string) {
	if b.inline == "" && !b.source.expanded[path] {
		b.inline = path
	}
}

// sendsTo warns when an earlier notifier of the same kind has the same
// destination, which can be a secret and is not shown.
func (b *builder) sendsTo(at, destination string) (again bool) {
	kind := withoutIndexes(at)
	key := kind + " " + destination
	first, again := b.destinations[key]
	if again {
		b.warn("%s: the notifier at line %d has the same destination as the one at line %d, so alerts arrive there twice",
			kind, b.source.location(at).value.line, b.source.location(first).value.line)
		return true
	}
	b.destinations[key] = at
	return false
}

var notifierName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func (b *builder) notifier(at string, n *Notifier) {
	named := at + ".name"
	if !b.good(named) {
		named, n.Name = at, withoutIndexes(at) // its kind
	}
	switch first, taken := b.names[n.Name]; {
	case !notifierName.MatchString(n.Name):
		b.problem(named, "expected a name of 1 to 64 letters, digits, - _ or .")
	case n.Name == "console":
		b.problem(named, `"console" is reserved for the terminal, write another name`)
	case taken:
		b.problem(named, "the notifier at line %d is named %q too, give each its own name",
			b.source.location(first).value.line, n.Name)
	default:
		b.names[n.Name] = named
	}

	if !b.good(at + ".timeout") {
		n.Timeout = 10 * time.Second
	}
	if n.Timeout < time.Second || n.Timeout > 5*time.Minute {
		b.problem(at+".timeout", `expected between "1s" and "5m"`)
	}
	if !b.good(at + ".retry_for") {
		n.RetryFor = 24 * time.Hour
	}
	if n.RetryFor == 0 {
		b.problem(at+".retry_for", `must be more than 0, write one such as "24h"`)
	}
	b.certificates(at+".ca_file", &n.CAFile)
}
