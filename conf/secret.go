package conf

import "log/slog"

// Secret is a string that cannot print itself: every way to print, log or
// encode it gives "[secret]". The zero value is an unset one.
type Secret struct {
	// A pointer, because fmt prints the unexported fields of other structs
	// without asking their methods: it shows an address then.
	value *string
}

const hidden = "[secret]"

// NewSecret hides a value; an empty one is an unset Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal is the value itself, for the one place where it is used.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is unset.
func (s Secret) IsZero() bool { return s.value == nil }

// String is "[secret]".
func (Secret) String() string { return hidden }

// GoString is "[secret]".
func (Secret) GoString() string { return hidden }

// LogValue is "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText is "[secret]", also in JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes the value.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
