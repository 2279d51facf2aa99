package testkit

import "testing"

// The first difference of two texts is shown with its line.
func TestDiffer(t *testing.T) {
	for _, tt := range []struct{ got, want, says string }{
		{"a\nb\nc", "a\nx\nc", "line 2\n got a\nb\nc\nwant a\nx\nc"},
		{"a\n", "a", "2 lines, want 1"},
		{"a", "a\nb", "1 lines, want 2"},
	} {
		if got := Differ(tt.got, tt.want); got != tt.says {
			t.Errorf("%q and %q differ in %q, want %q", tt.got, tt.want, got, tt.says)
		}
	}
}
