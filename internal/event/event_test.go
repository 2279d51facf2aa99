package event_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/tailer"
)

// taken is an event with a text of its own. End is the number of lines up to
// its end.
type taken struct {
	Text  string
	Lines int
	End   int
}

// cuts hands out a text in pieces, as reads of a growing log do.
type cuts struct {
	text   string
	random *rand.Rand // nil = all at once
}

func (c *cuts) Read(p []byte) (int, error) {
	if c.text == "" {
		return 0, io.EOF
	}
	n := len(p)
	if c.random != nil {
		n = min(n, 1+c.random.IntN(1+c.random.IntN(300)))
	}
	n = copy(p[:n], c.text)
	c.text = c.text[n:]
	return n, nil
}

// blocks reads a text through the tailer and calls f for each block.
func blocks(t testing.TB, in io.Reader, f func(tailer.Block)) {
	t.Helper()
	r := tailer.Stream(in)
	defer r.Close()
	for {
		b, err := r.Block(t.Context(), time.Minute)
		f(b)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func lineCount(e event.Event) int { return bytes.Count(e.Text, []byte("\n")) + 1 }

// assemble puts the lines of a text together.
func assemble(t testing.TB, a *event.Assembler, in *cuts) []taken {
	t.Helper()
	text := in.text
	var out []taken
	take := func(e event.Event) {
		end := a.End()
		out = append(out, taken{string(e.Text), lineCount(e), strings.Count(text[:end.Offset], "\n")})
		if int(end.Offset) == len(text) && !strings.HasSuffix(text, "\n") {
			out[len(out)-1].End++
		}
		if a.Complete() == end {
			t.Errorf("an event is complete before it was taken")
		}
	}
	blocks(t, in, func(b tailer.Block) { a.Block(b, take) })
	a.Flush(take)
	if end := a.Complete().Offset; int(end) != len(text) {
		t.Errorf("complete up to %d of %d", end, len(text))
	}
	return out
}

func assembleLines(t testing.TB, lines []string) []taken {
	t.Helper()
	return assemble(t, &event.Assembler{}, &cuts{text: ended(lines)})
}

// ended are lines with their ends.
func ended(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// An event is a header with all lines up to the next header.
func TestAssemble(t *testing.T) {
	const a, b = "2024-03-05 09:07:03,021+0000 main ERROR      [c.a.j.X] a", "2024-03-05 09:07:04,021+0000 main ERROR      [c.a.j.X] b"
	tests := []struct {
		name  string
		lines []string
		want  []taken
	}{
		{"nothing", nil, nil},
		{"one line", []string{a}, []taken{{a, 1, 1}}},
		{"two headers", []string{a, b}, []taken{{a, 1, 1}, {b, 1, 2}}},
		{"stack trace", []string{a, "java.io.IOException: x", "\tat a.B.c(B.java:1)", "", "Caused by: y", b},
			[]taken{{a + "\njava.io.IOException: x\n\tat a.B.c(B.java:1)\n\nCaused by: y", 5, 5}, {b, 1, 6}}},
		{"headless beginning", []string{"\tat a.B.c(B.java:1)", "", a}, []taken{{"\tat a.B.c(B.java:1)\n", 2, 2}, {a, 1, 3}}},
		{"empty lines first", []string{"", "", a}, []taken{{"\n", 2, 2}, {a, 1, 3}}},
		{"indented date", []string{a, "    " + b}, []taken{{a + "\n    " + b, 2, 2}}},
		{"date inside a line", []string{a, "at " + b}, []taken{{a + "\nat " + b, 2, 2}}},
		{"date without a time", []string{a, "2024-03-05 is the day", "2024-03-05 09-07"}, []taken{{a + "\n2024-03-05 is the day\n2024-03-05 09-07", 3, 3}}},
		{"slashes", []string{a, "2024/03/05 09:07:04 no level"}, []taken{{a, 1, 1}, {"2024/03/05 09:07:04 no level", 1, 2}}},
		{"impossible time", []string{a, "2024-03-05 07:07:072,777 x"}, []taken{{a, 1, 1}, {"2024-03-05 07:07:072,777 x", 1, 2}}},
		{"pasted quote", []string{a, "\u201c" + b}, []taken{{a, 1, 1}, {"\u201c" + b, 1, 2}}},
		{"lone carriage return", []string{a + "\r" + b, b}, []taken{{a + "\r" + b, 1, 1}, {b, 1, 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := assembleLines(t, tt.lines); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("lines %q\n got %+v\nwant %+v", tt.lines, got, tt.want)
			}
		})
	}
}

// Pending shows the open event as often as it is asked, and completes nothing;
// Flush completes it once.
func TestPending(t *testing.T) {
	var a event.Assembler
	if e, ok := a.Pending(); ok {
		t.Errorf("a new assembler has %+v pending", e)
	}
	const head, more, late = "2024-03-05 09:07:03,021 main ERROR x", "more", "after the silence"
	var got []string
	take := func(e event.Event) { got = append(got, fmt.Sprintf("%s|%d", e.Text, a.End().Offset)) }
	flush := func(want ...string) {
		t.Helper()
		got = nil
		a.Flush(take)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("Flush gives %q, want %q", got, want)
		}
	}
	n := 0
	in, out := io.Pipe()
	go func() {
		for _, line := range []string{head, more, late} {
			io.WriteString(out, line+"\n")
		}
		out.Close()
	}()
	blocks(t, in, func(b tailer.Block) {
		if len(b.Text) == 0 {
			return
		}
		a.Block(b, take)
		if len(got) > 0 {
			t.Errorf("block %q completes %q", b.Text, got)
		}
		switch n++; n {
		case 1:
			for range 2 {
				if e, ok := a.Pending(); !ok || a.End().Offset != 37 || string(e.Text) != head || a.Complete().Offset != 0 {
					t.Errorf("pending: %q %+v %v", e.Text, e, ok)
				}
			}
		case 2:
			flush(head + "\nmore|42")
			flush()
		case 3:
			if a.Complete().Offset != 42 {
				t.Errorf("complete up to %d, want 42", a.Complete().Offset)
			}
			flush("after the silence|60")
		}
		got = nil
	})
	if n != 3 {
		t.Errorf("%d blocks, want one a line", n)
	}
}

// An event without an end takes no more than MaxText, however long it is and
// however long its lines are.
func TestMaxText(t *testing.T) {
	const header = "2024-03-05 09:07:03,021 main ERROR      [c.a.j.X] x"
	for _, length := range []int{0, 1, 99, event.MaxText - 1, event.MaxText, event.MaxText + 1, tailer.MaxLine, 2 * tailer.MaxLine} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			var a event.Assembler
			lines, events := 0, 0
			take := func(e event.Event) {
				events++
				lines += lineCount(e)
				if len(e.Text) > event.MaxText || cap(e.Text) > 4*event.MaxText {
					t.Fatalf("event %d holds %d bytes of %d", events, len(e.Text), cap(e.Text))
				}
				if first := events == 1; first != bytes.HasPrefix(e.Text, []byte(header)) {
					t.Fatalf("event %d begins with %q", events, e.Text[:min(len(e.Text), 60)])
				}
			}
			n := min(50<<20/(length+1), 500_000)
			text := header + "\n" + strings.Repeat(strings.Repeat("y", length)+"\n", n)
			blocks(t, strings.NewReader(text), func(b tailer.Block) {
				a.Block(b, take)
				if e, _ := a.Pending(); len(e.Text) > event.MaxText {
					t.Fatalf("%d bytes are pending", len(e.Text))
				}
			})
			a.Flush(take)
			if lines != n+1 {
				t.Errorf("%d lines in %d events, want %d", lines, events, n+1)
			}
		})
	}
	t.Run("header", func(t *testing.T) {
		got := assembleLines(t, []string{header + strings.Repeat("z", tailer.MaxLine), "more", header})
		want := []taken{{(header + strings.Repeat("z", tailer.MaxLine))[:event.MaxText/2] + "\nmore", 2, 2}, {header, 1, 3}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("a header that is too long: %d events, want its beginning with the rest, and the next", len(got))
		}
	})
}

// laws checks what holds for every sequence of lines.
func laws(t *testing.T, lines []string) {
	t.Helper()
	events := assembleLines(t, lines)
	var physical []int // of each line, which one of the log holds it, from 1
	var inner []string
	for i, line := range lines {
		for line := range strings.SplitSeq(event.Unwrapped(strings.TrimSuffix(line, "\r")), "\n") {
			inner, physical = append(inner, string(event.Kept([]byte(line)))), append(physical, i+1)
		}
	}
	lines = inner
	at := 0
	for _, e := range events {
		if e.Lines < 1 || at+e.Lines > len(lines) {
			t.Fatalf("lines %q: an event of %d lines behind line %d", lines, e.Lines, at)
		}
		own := lines[at : at+e.Lines]
		at += e.Lines
		want := strings.Join(own, "\n")
		if e.Text != want {
			t.Errorf("lines %q\n got %q\nwant %q", lines, e.Text, want)
		}
		if e.End != physical[at-1] {
			t.Errorf("lines %q: an event ends at %d, its last line at %d", lines, e.End, physical[at-1])
		}
		for _, line := range own[1:] {
			if event.Begins([]byte(line)) {
				t.Errorf("lines %q: the event %q goes on over a header", lines, e.Text)
			}
		}
	}
	if at != len(lines) {
		t.Errorf("the events of %q hold %d lines, want %d", lines, at, len(lines))
	}
}

// Every line lands in exactly one event, in order, whatever the mixture.
func TestAssemblerLaws(t *testing.T) {
	pieces := []string{
		"", "\t", "2024-03-05 09:07:03,021 main ERROR x", "2024/03/05 09:07:03 y", "\tat a.B.c(B.java:1)", "Caused by: z", "2024-03-05",
		"\u201d2024-03-05 09:07:03,021 main WARN q", strings.Repeat("l", event.MaxText-10), strings.Repeat("m", event.MaxText+10), "\xff\x00",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		lines := make([]string, random.IntN(12))
		for i := range lines {
			lines[i] = pieces[random.IntN(len(pieces))]
		}
		laws(t, lines)
	}
}

// found is what the fast way looks for in these tests.
func found(text []byte) int { return bytes.Index(text, []byte("oauth2")) }

// sameFast checks that the way which looks only around what it finds takes the
// events that the way of every line does, wherever the text is cut.
func sameFast(t *testing.T, text string, seed uint64) {
	t.Helper()
	var want []taken
	for _, e := range assemble(t, &event.Assembler{}, &cuts{text: text}) {
		if found([]byte(e.Text)) >= 0 {
			want = append(want, e)
		}
	}
	for _, random := range []*rand.Rand{nil, rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))} {
		if got := assemble(t, &event.Assembler{Find: found}, &cuts{text, random}); !reflect.DeepEqual(got, want) {
			t.Fatalf("text %q\n got %+v\nwant %+v", text[:min(len(text), 2000)], got, want)
		}
	}
}

// The fast way takes the same events as looking at every line, over random
// texts and random cuts.
func TestFastIsTheSame(t *testing.T) {
	testkit.Pure(t)
	pieces := []string{
		"", "\t", "2024-03-05 09:07:03,021 main ERROR x", "2024-03-05 09:07:03,021 main ERROR oauth2", "\tat a.B.c(B.java:1)", "oauth2", "Caused by: oauth2 z",
		"\u201d2024-03-05 09:07:03,021 main WARN q oauth2", "2024-03-05 09:07:03,021 WARN\r", strings.Repeat("l", event.MaxText-10), strings.Repeat("m",
			event.MaxText+10) + "oauth2",
		`{"log":"2024-03-05 09:07:03,021 main ERROR oauth2\\n\\tat x\\n"}`, `{"log":"\\tat oauth2\\n2024-03-05 09:07:03,021 main WARN y\\n oauth2"}`,
		`{"message":"{\"log\":\"2024-03-05 09:07:03,021 main WARN y\"}"}`, `{"log":"\\tat z"}`,
		"oauth", "2 oauth", "\xff\x00", strings.Repeat("2024-03-05 09:07:03,021 ordinary\n", 50),
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range testkit.Fewer(300, 3000) {
		lines := make([]string, random.IntN(14))
		for i := range lines {
			lines[i] = pieces[random.IntN(len(pieces))]
		}
		text := ended(lines)
		if random.IntN(3) == 0 {
			text = strings.TrimSuffix(text, "\n")
		}
		sameFast(t, text, uint64(i))
	}
}

// FuzzFast: the fast way takes the same events as looking at every line.
func FuzzFast(f *testing.F) {
	f.Add("x oauth2\n2024-03-05 09:07:03,021 main ERROR x\n\tat oauth2\n\n2024/03/05 09:07:03 z\n", uint64(1))
	f.Fuzz(func(t *testing.T, in string, seed uint64) { sameFast(t, in, seed) })
}

// FuzzAssembler: every line lands in exactly one event.
func FuzzAssembler(f *testing.F) {
	f.Add("x\n2024-03-05 09:07:03,021 main ERROR x\n\tat y\n\n2024/03/05 09:07:03 z\n")
	f.Add(`{"log":"x\\n2024-03-05 09:07:03,021 main ERROR x\\n\\tat y\\n2024-03-05 09:07:"}` + "\n z")
	f.Add("\ufeff2024-03-05T09:07:03Z\r\n> 2024-03-05 09:07:\n\n")
	f.Fuzz(func(t *testing.T, in string) { laws(t, strings.Split(in, "\n")) })
}
