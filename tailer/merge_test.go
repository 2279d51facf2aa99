package tailer

import (
	"slices"
	"testing"
)

// While a directory is listed, the name of one file may be missing, since the file is being
// compressed; another one may lose its name before the next listing. Both are read, in order.
// TestDatedLogUnderAWriter meets this once in a thousand runs, therefore the order is tested alone.
func TestMerge(t *testing.T) {
	numbered := map[string]*file{}
	for _, name := range []string{"a", "b", "c", "d"} {
		numbered[name] = &file{}
	}
	dated := map[string]*file{}
	for _, name := range []string{"a", "b", "c", "d"} {
		dated[name] = &file{stamp: "2026120" + string(name[0]-'a'+'1')}
	}
	for _, tt := range []struct {
		what           string
		files          map[string]*file
		opened, before string
		want           string
	}{
		{"nothing was opened before", numbered, "ab", "", "ab"},
		{"the last one lost its name", numbered, "a", "ab", "ab"},
		{"one between lost its name", numbered, "ac", "abc", "abc"},
		{"an older one was found, and the first one lost its name", numbered, "acd", "bc", "abcd"},
		{"the same, of a dated log", dated, "acd", "bc", "abcd"},
		{"an older one was found, and the only one lost its name", dated, "acd", "b", "abcd"},
		{"one between was found, and the one after it lost its name", dated, "abd", "acd", "abcd"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			of := func(names string) (list []*file) {
				for _, name := range names {
					list = append(list, tt.files[string(name)])
				}
				return list
			}
			if got := merge(of(tt.opened), of(tt.before)); !slices.Equal(got, of(tt.want)) {
				t.Errorf("merge(%q, %q) is not %q", tt.opened, tt.before, tt.want)
			}
		})
	}
}
