package text_test

import (
	"reflect"
	"testing"

	"jira-oauth-watcher/internal/text"
)

func TestBlocks(t *testing.T) {
	for in, want := range map[string][]text.Block{
		"":                     {{Text: ""}},
		" \n":                  {{Text: " "}},
		"Restart.":             {{Text: "Restart."}},
		"Run:\n```\na\nb\n```": {{Text: "Run:"}, {Text: "a\nb", Code: true}},
		"Run:\n```\na\n```\nWindows:\n```\nb\n```\nDone?": {{Text: "Run:"}, {Text: "a", Code: true}, {Text: "Windows:"}, {Text: "b", Code: true}, {Text: "Done?"}},
		"Run:\n```\na":    {{Text: "Run:"}, {Text: "a", Code: true}},
		"a ``` b\n````\n": {{Text: "a ``` b\n````"}},
	} {
		got := text.Blocks(in)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Blocks(%q)\n got %+v\nwant %+v", in, got, want)
		}
		if again := text.Blocks(text.Join(got)); in != "" && !reflect.DeepEqual(again, got) {
			t.Errorf("%+v is joined to %q", got, text.Join(got))
		}
	}
	if got, want := text.Indented("Run:\n```\na\nb\n```\nDone?"), "Run:\n    a\n    b\nDone?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
