package event_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/tailer"
)

// taken is an event with a text of its own.
type taken struct {
	Text  string
	Lines int
	End   int64
}

// assemble puts the lines of a text together. A line's end is its number, from
// 1; the reader's buffer is overwritten after each line, as a tailer does.
func assemble(lines []string) []taken {
	var a event.Assembler
	var out []taken
	take := func(e event.Event, ok bool) {
		if ok {
			out = append(out, taken{string(e.Text), e.Lines, e.End.Offset})
		}
	}
	buffer := make([]byte, 0, 1<<10)
	for i, line := range lines {
		buffer = append(buffer[:0], line...)
		take(a.Add(tailer.Line{Text: buffer, End: tailer.Position{Offset: int64(i + 1)}}))
		for j := range buffer {
			buffer[j] = '~'
		}
	}
	take(a.Flush())
	return out
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
		{"stack trace", []string{a, "java.io.IOException: x", "\tat a.B.c(B.java:1)", "", "Caused by: y", b}, []taken{{a + "\njava.io.IOException: x\n\tat a.B.c(B.java:1)\n\nCaused by: y", 5, 5}, {b, 1, 6}}},
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
			if got := assemble(tt.lines); !reflect.DeepEqual(got, tt.want) {
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
	add := func(line string, end int64) {
		if e, ok := a.Add(tailer.Line{Text: []byte(line), End: tailer.Position{Offset: end}}); ok {
			t.Errorf("Add(%q) completes %q", line, e.Text)
		}
	}
	add("2024-03-05 09:07:03,021 main ERROR x", 10)
	for range 2 {
		if e, ok := a.Pending(); !ok || e.Lines != 1 || e.End.Offset != 10 || string(e.Text) != "2024-03-05 09:07:03,021 main ERROR x" {
			t.Errorf("pending: %q %+v %v", e.Text, e, ok)
		}
	}
	add("more", 15)
	e, ok := a.Flush()
	if want := "2024-03-05 09:07:03,021 main ERROR x\nmore"; !ok || string(e.Text) != want || e.Lines != 2 || e.End.Offset != 15 {
		t.Errorf("Flush() = %q %+v %v, want %q of 2 lines up to 15", e.Text, e, ok, want)
	}
	if e, ok := a.Flush(); ok || len(e.Text) > 0 {
		t.Errorf("the second Flush gives %q %v", e.Text, ok)
	}
	add("after the silence", 20)
	if e, ok := a.Flush(); !ok || string(e.Text) != "after the silence" || e.Lines != 1 || e.End.Offset != 20 {
		t.Errorf("after a silence: %q %+v %v", e.Text, e, ok)
	}
}

// The text of a completed event stays as it is until the next call.
func TestEventLivesUntilTheNextCall(t *testing.T) {
	var a event.Assembler
	for i := range 10 {
		line := fmt.Sprintf("2024-03-05 09:07:0%d,021 main ERROR x", i)
		e, ok := a.Add(tailer.Line{Text: []byte(line)})
		if ok != (i > 0) {
			t.Fatalf("line %d: complete is %v", i, ok)
		}
		if want := fmt.Sprintf("2024-03-05 09:07:0%d,021 main ERROR x", i-1); ok && string(e.Text) != want {
			t.Errorf("event %d is %q, want %q", i-1, e.Text, want)
		}
	}
}

// An event without an end takes no more than MaxText, however long it is and
// however long its lines are.
func TestMaxText(t *testing.T) {
	const header = "2024-03-05 09:07:03,021 main ERROR      [c.a.j.X] x"
	for _, length := range []int{0, 1, 99, event.MaxText - 1, event.MaxText, event.MaxText + 1, tailer.MaxLine} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			var a event.Assembler
			more := bytes.Repeat([]byte("y"), length)
			lines, events := 0, 0
			check := func(e event.Event, ok bool) {
				if !ok {
					return
				}
				events++
				lines += e.Lines
				if len(e.Text) > event.MaxText || cap(e.Text) > 4*event.MaxText {
					t.Fatalf("event %d holds %d bytes of %d", events, len(e.Text), cap(e.Text))
				}
				if first := events == 1; first != bytes.HasPrefix(e.Text, []byte(header)) {
					t.Fatalf("event %d begins with %q", events, e.Text[:min(len(e.Text), 60)])
				}
			}
			check(a.Add(tailer.Line{Text: []byte(header)}))
			n := min(50<<20/(length+1), 500_000)
			for range n {
				check(a.Add(tailer.Line{Text: more}))
				if e, ok := a.Pending(); !ok || len(e.Text) > event.MaxText {
					t.Fatalf("%d bytes are pending", len(e.Text))
				}
			}
			check(a.Flush())
			if lines != n+1 {
				t.Errorf("%d lines in %d events, want %d", lines, events, n+1)
			}
		})
	}
	t.Run("header", func(t *testing.T) {
		got := assemble([]string{header + strings.Repeat("z", tailer.MaxLine), "more", header})
		want := []taken{{(header + strings.Repeat("z", tailer.MaxLine))[:event.MaxText], 1, 1}, {"more", 1, 2}, {header, 1, 3}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("a header that is too long: %d events, want its beginning, the rest, the next", len(got))
		}
	})
}

// laws checks what holds for every sequence of lines.
func laws(t *testing.T, lines []string) {
	t.Helper()
	at := 0
	for _, e := range assemble(lines) {
		if e.Lines < 1 || at+e.Lines > len(lines) {
			t.Fatalf("lines %q: an event of %d lines behind line %d", lines, e.Lines, at)
		}
		own := lines[at : at+e.Lines]
		at += e.Lines
		want := own[0]
		if len(own) > 1 || len(want) <= event.MaxText {
			want = strings.Join(own, "\n")
		} else {
			want = want[:event.MaxText]
		}
		if e.Text != want {
			t.Errorf("lines %q\n got %q\nwant %q", lines, e.Text, want)
		}
		if e.End != int64(at) {
			t.Errorf("lines %q: an event ends at %d, its last line at %d", lines, e.End, at)
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

// FuzzAssembler: every line lands in exactly one event.
func FuzzAssembler(f *testing.F) {
	f.Add("x\n2024-03-05 09:07:03,021 main ERROR x\n\tat y\n\n2024/03/05 09:07:03 z\n")
	f.Add("\ufeff2024-03-05T09:07:03Z\r\n> 2024-03-05 09:07:\n\n")
	f.Fuzz(func(t *testing.T, in string) { laws(t, strings.Split(in, "\n")) })
}
