package seek_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/seek"
)

var words = seek.NewWords(seek.Word{Text: "oauth2", Next: []string{"-client/", `\/client`}, One: 8, Also: 9, Rare: "h2"},
	seek.Word{Text: "[c.a.o.c.", One: 0}, 5)

// plain is what Index must find.
func plain(text []byte) int {
	first := -1
	for _, word := range []string{"oauth2-client/", `oauth2\/client`, "[c.a.o.c."} {
		if i := bytes.Index(text, []byte(word)); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}

// same checks Index from every place of a text to its end, and up to it.
func same(t *testing.T, text []byte) {
	t.Helper()
	for i := range len(text) + 1 {
		for _, part := range [][]byte{text[i:], text[:i]} {
			if got, want := words.Index(part), plain(part); got != want {
				t.Fatalf("Index(%q)\n got %d\nwant %d", part, got, want)
			}
			if got, want := words.Slow(part), plain(part); got != want {
				t.Fatalf("slow(%q)\n got %d\nwant %d", part, got, want)
			}
		}
	}
}

// Index finds what two plain searches find, wherever it stands: also across
// the edges of what is compared at once, and at the ends.
func TestIndex(t *testing.T) {
	for _, word := range []string{
		"oauth2-client/", `oauth2\/client`, "oauth2-client", "oauth2/client/", "oauth2", "[c.a.o.c.", "[c.a.o.c", "2..l", "2...l", "[....o",
		"oauth2-oauth2-client/", "[[c.a.o.c.", "[c.a.oauth2.c", `[c.a.oauth2\/client`, "oauth2-client[c.a.o.c.", "oauth2-cl[c.a.o.c.",
	} {
		for _, fill := range []string{".", "l", "[", "2", "o"} {
			for at := range 70 {
				same(t, []byte(strings.Repeat(fill, at)+word+strings.Repeat(fill, 130-at)))
			}
		}
	}
	same(t, nil)
}

// The same over random texts of what nearly is a word.
func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"oauth2-client/", `oauth2\/client`, "[c.a.o.c.", "oauth2", "-client", "client/", "[c.a.", "o.c.", "[", "o", "2", "l", "\x00",
		strings.Repeat("x", 61), strings.Repeat("h", 40)}
	for range 300 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		same(t, []byte(b.String()))
	}
}

// Words whose compared bytes stand anywhere in them are found as well.
func TestPlaces(t *testing.T) {
	text := []byte(strings.Repeat("-", 100) + "needle" + strings.Repeat("-", 100) + "thread" + strings.Repeat("-", 40))
	for one := range 6 {
		for two := range 6 {
			w := seek.NewWords(seek.Word{Text: "thread", One: two}, seek.Word{Text: "needle", One: one}, (one+two)%6)
			for i := range text {
				want := bytes.Index(text[i:], []byte("needle"))
				if want < 0 {
					want = bytes.Index(text[i:], []byte("thread"))
				}
				if got := w.Index(text[i:]); got != want {
					t.Fatalf("bytes %d and %d first, from %d: got %d, want %d", one, two, i, got, want)
				}
			}
		}
	}
}

// A word that could not be found is refused when it is made.
func TestUnreachable(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a word without the compared byte was taken")
		}
	}()
	seek.NewWords(seek.Word{Text: "oauth2", Next: []string{"-client", ".server"}, One: 8}, seek.Word{Text: "needle"}, 5)
}

// FuzzIndex: it finds what two plain searches find.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(strings.Repeat("x", 60) + "oauth2-client/" + strings.Repeat("[c.a.o.c.", 8)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 1000 {
			same(t, text)
		}
	})
}

// BenchmarkIndex is a text without either word, in the second-level cache.
func BenchmarkIndex(b *testing.B) {
	text := bytes.Repeat([]byte("2024-03-05 09:00:00,000+0000 http-nio-8080-exec-7 INFO user 9x9x1 1vgh9dz 10.0.2.7 /rest/api/2/issue/ABC-1 "+
		"[c.a.j.web.Action] Took 3 ms\n"), 2000)
	for name, f := range map[string]func([]byte) int{"fast": words.Index, "slow": words.Slow} {
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if f(text) >= 0 {
					b.Fatal("found something")
				}
			}
		})
	}
}
