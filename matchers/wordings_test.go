package matchers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/matchers"
)

const notOurs = "none"

// score counts how texts were called: right, half right (another cause of the right family), wrong.
type score struct {
	right, half, wrong int
	cells              map[[2]string]int // by family: what it is, what it was called
}

func newScore() *score { return &score{cells: map[[2]string]int{}} }

// family is the first word of a cause's ID.
func family(id string) string {
	if id == matchers.Unknown || id == notOurs {
		return id
	}
	name, _, _ := strings.Cut(id, "-")
	return name
}

// add counts one text; want are the IDs that are right. It reports whether got is one.
func (s *score) add(want []string, got string) bool {
	s.cells[[2]string{family(want[0]), family(got)}]++
	switch {
	case slices.Contains(want, got):
		s.right++
		return true
	case slices.ContainsFunc(want, func(id string) bool { return family(id) == family(got) }):
		s.half++
	default:
		s.wrong++
	}
	return false
}

// String is the confusion matrix by families.
func (s *score) String() string {
	var names []string
	for cell := range s.cells {
		for _, name := range cell {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%d right, %d half right, %d wrong\n", s.right, s.half, s.wrong)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "is \\ called\t%s\t\n", strings.Join(names, "\t"))
	for _, is := range names {
		fmt.Fprintf(w, "%s\t", is)
		for _, called := range names {
			fmt.Fprintf(w, "%d\t", s.cells[[2]string{is, called}])
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	return b.String()
}

// At least 95 of 100 wordings have their cause, as an event of the flow and as pasted text. The matrix is
// printed with -v.
func TestWordings(t *testing.T) {
	text, err := os.ReadFile("testdata/wordings.toml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Wordings map[string][]string `toml:"wording"`
	}
	if _, problems := conf.Decode("testdata/wordings.toml", text, &file); len(problems) > 0 {
		t.Fatal(problems)
	}
	s := builtin(t)
	count := newScore()
	for want, texts := range file.Wordings {
		if _, ok := s.Cause(want); !ok && want != notOurs {
			t.Errorf("there is no cause %s", want)
		}
		for _, text := range texts {
			got := notOurs
			if v := s.Text(text); v.Ours {
				got = v.Failure.Cause.ID
			}
			if !count.add([]string{want}, got) {
				t.Logf("pasted, %s instead of %s: %s", got, want, text)
			}
			if want == notOurs {
				continue
			}
			if got := diagnose(t, s, carrier(text)).Cause.ID; !count.add([]string{want}, got) {
				t.Logf("in the log, %s instead of %s: %s", got, want, text)
			}
		}
	}
	t.Logf("\n%s", count)
	if all := count.right + count.half + count.wrong; all < 800 || count.right*100 < all*95 {
		t.Errorf("%d of %d are right, want 95 of 100", count.right, all)
	}
}

// The cases from public reports, where they are on this machine: JIRA_FIELD_SAMPLES, or next to the
// repository.
func TestFieldSamples(t *testing.T) {
	dir := os.Getenv("JIRA_FIELD_SAMPLES")
	if dir == "" {
		dir = "../../shared/samples/field"
	}
	table, err := os.ReadFile(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Skipf("there are no field samples: %v", err)
	}
	count := newScore()
	for line := range strings.Lines(string(table)) {
		row := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(row) < 3 {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, row[0]))
		if err != nil {
			t.Error(err)
			continue
		}
		got := fieldCauses(t, string(text))
		want := strings.FieldsFunc(row[2], func(r rune) bool { return r == '|' || r == ' ' })
		if len(want) > 1 && want[0] == "NEW:" || want[0] == "GAP:" || want[0] == "NOT" || want[0] == "INFO:" {
			t.Logf("%s: judged by a person, is %v, want %s", row[0], got, row[2])
			continue
		}
		if !count.add(want, got[0]) {
			t.Logf("%s: %v instead of %s", row[0], got, row[2])
		}
	}
	t.Logf("\n%s", count)
}

// fieldCauses are the causes of a text: of its events, else of the text as it was pasted; "none" without one.
func fieldCauses(t *testing.T, text string) []string {
	t.Helper()
	var got []string
	headed := false
	through(t, []byte(text), func(e event.Event) {
		v := builtin(t).Diagnose(string(e.Text), nil)
		headed = headed || v.Headed
		if v.Ours {
			got = append(got, v.Failure.Cause.ID)
		}
	})
	if v := builtin(t).Text(text); len(got) == 0 && !headed && v.Ours {
		got = append(got, v.Failure.Cause.ID)
	}
	if len(got) == 0 {
		got = []string{notOurs}
	}
	return got
}
