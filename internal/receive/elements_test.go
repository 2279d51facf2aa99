package receive

import (
	"bytes"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

// A small request cannot make the program use much memory; one that is full of lines is taken.
func TestElements(t *testing.T) {
	wrap := func(b []byte, field byte) []byte { // a message of the field, as protobuf has it
		n, out := len(b), []byte{field<<3 | 2}
		for ; n >= 0x80; n >>= 7 {
			out = append(out, byte(n)|0x80)
		}
		return append(append(out, byte(n)), b...)
	}
	nested := wrap(nil, 1)
	for range 90 {
		nested = wrap(wrap(nested, 1), 5)
	}
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 100_000 {
		records.AppendEmpty().Body().SetStr(strings.Repeat("x", 120) + "{[")
	}
	full, _ := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	fullJSON, _ := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	empty := wrap(wrap(bytes.Repeat([]byte{2<<3 | 2, 0}, 4<<20), 2), 1)
	overlong := append([]byte{9 << 3}, append(bytes.Repeat([]byte{0xff}, 9), 0x7f)...) // a field that the decoder skips
	for _, tt := range []struct {
		what   string
		body   []byte
		isJSON bool
		want   bool
	}{
		{"lines", full, false, false},
		{"lines as JSON", fullJSON, true, false},
		{"empty records", empty, false, true},
		{"empty attributes", wrap(wrap(wrap(bytes.Repeat([]byte{6<<3 | 2, 0}, 4<<20), 2), 2), 1), false, true},
		{"empty resources", bytes.Repeat([]byte{1<<3 | 2, 0}, 4<<20), false, true},
		{"after an overlong number", append(overlong, empty...), false, true},
		{"numbers of fields that wrap", bytes.Repeat([]byte{0x8a, 0x80, 0x80, 0x80, 0x80, 1, 0}, 1<<20), false, true},
		{"empty records as JSON", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.Repeat("{},", 1<<20) + "{}]}]}]}"), true, true},
		{"lists in lists as JSON", bytes.Repeat([]byte("["), 1<<20), true, true},
		{"lists in lists", wrap(wrap(wrap(bytes.Repeat(wrap(nested, 5), 1<<15), 2), 2), 1), false, true},
		{"cut off", full[:len(full)/2], false, false},
		{"not protobuf", bytes.Repeat([]byte{0xff}, 1000), false, false},
	} {
		if got := tooMany(tt.body, tt.isJSON); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, got, tt.want)
		}
	}
}
