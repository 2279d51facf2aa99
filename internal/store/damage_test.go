package store_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/store"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/notify"
	"jira-oauth-watcher/tailer"
)

// filled is a state file with something of all kinds in it, free pages, and
// trees of more than one page; what it holds, and what it held one change
// before.
func filled(t testing.TB) (file []byte, now, before string) {
	t.Helper()
	dir := t.TempDir()
	s, _ := opened(t, dir)
	for i := range 12 {
		update(t, s, func(tx *store.Tx) {
			tx.SetPosition("jira", tailer.Position{FilePosition: tailer.FilePosition{Offset: int64(i)}})
			tx.SetIncident(state(fmt.Sprintf("key %02d", i)))
			enqueue(fmt.Sprint(i))(tx)
			tx.SetOpenings("cause", incident.Openings{Recent: []incident.Opening{{Key: "k"}}})
			tx.Enqueue("slack", of("r", alert.Reminder))
		})
	}
	d, _, _ := s.Oldest("hub")
	if err := s.SetAside("hub", d, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Done("hub", notify.Delivery{Alert: newAlert("key 03@20211116T113550.956Z#2")}, nil, notify.Health{}); err != nil {
		t.Fatal(err)
	}
	closed := state("key 03")
	closed.Open = false
	update(t, s, func(tx *store.Tx) {
		tx.CountFailure("key 03", midday.Add(-time.Hour), midday)
		tx.SetIncident(closed)
	})
	before = content(t, s)
	update(t, s, func(tx *store.Tx) {
		tx.SetPosition("other", tailer.Position{FilePosition: tailer.FilePosition{Offset: 7}})
		tx.Enqueue("slack", newAlert("s"))
	})
	now = content(t, s)
	s.Close()
	return fileOf(t, dir), now, before
}

// settled opens a damaged file and tells whether it was believed. Anything
// else than what was stored, or nothing with the old bytes kept, is an error.
func settled(t *testing.T, name string, file []byte, now, before string) (believed bool) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.db")
	os.WriteFile(path, file, 0o600)
	var said bytes.Buffer
	s, err := store.Open(dir, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return false
	}
	defer s.Close()
	got := content(t, s)
	kept, _ := filepath.Glob(path + ".damaged-*")
	warned := strings.Count(said.String(), "level=WARN")
	switch {
	case len(kept) == 0 && got == now && warned <= 1:
		return true
	case len(kept) == 0 && got == before && warned == 1 &&
		(strings.Contains(said.String(), "meta pages") || strings.Contains(said.String(), "was rolled back")):
		return true
	case len(kept) == 1 && warned == 1:
		if old, _ := os.ReadFile(kept[0]); !bytes.Equal(old, file) {
			t.Errorf("%s: the old bytes are gone", name)
		}
		if fresh := nothing(t); got != fresh {
			t.Errorf("%s: the new file holds\n got %s\nwant %s", name, got, fresh)
		}
	default:
		t.Errorf("%s: kept %v, said %s, holds\n got %.300s\nwant %.300s", name, kept, &said, got, now)
	}
	return false
}

// The power may fail while a transaction is written: any of its pages may be on disk, and any
// may be missing. Then the file holds all of the transaction or nothing of it, and so it does
// after the next transaction.
func TestPowerFails(t *testing.T) {
	testkit.Pure(t)
	const page = 4096
	r := rand.New(rand.NewPCG(7, 7))
	whole, takenBack := 0, 0
	var dir string
	var s *store.Store
	var images [][]byte // of the file after each transaction
	for n := range testkit.Fewer(16, 48) {
		if n%8 == 0 { // small files, where free places are few
			dir, images = t.TempDir(), nil
			s, _ = opened(t, dir)
		}
		// What is changed and freed differs: incidents grow over pages, deliveries come and go.
		old, before := fileOf(t, dir), content(t, s)
		update(t, s, func(tx *store.Tx) {
			st := state(fmt.Sprintf("key %02d", r.IntN(12)))
			st.Open = r.IntN(3) > 0
			st.Content.Diagnosis = strings.Repeat("x", r.IntN(3*page))
			tx.SetIncident(st)
			enqueue(fmt.Sprint(n))(tx)
			tx.SetPosition("jira", tailer.Position{FilePosition: tailer.FilePosition{Offset: int64(n)}})
		})
		if d, found, _ := s.Oldest("hub"); found && r.IntN(2) == 0 {
			old, before = fileOf(t, dir), content(t, s)
			if err := s.Done("hub", d, nil, notify.Health{}); err != nil {
				t.Fatal(err)
			}
		}
		file, now := fileOf(t, dir), content(t, s)
		old = append(old, make([]byte, len(file)-len(old))...)
		var changed []int
		for at := 0; at < len(file); at += page {
			if !bytes.Equal(file[at:at+page], old[at:at+page]) {
				changed = append(changed, at)
			}
		}
		// Each page alone, then none, then some at random, and then each alone where what was there
		// before is of an older transaction.
		var tries [][]byte
		for missing := range len(changed) + 20 {
			torn := slices.Clone(file)
			for i, at := range changed {
				if i == missing || missing > len(changed) && r.IntN(2) == 0 {
					copy(torn[at:at+page], old[at:at+page])
				}
			}
			tries = append(tries, torn)
		}
		images = append(images, file)
		for _, image := range images[max(0, len(images)-8) : len(images)-1] {
			for _, at := range changed {
				if at >= 2*page && at < len(image) { // meta pages are written in turn
					torn := slices.Clone(file)
					copy(torn[at:at+page], image[at:at+page])
					tries = append(tries, torn)
				}
			}
		}
		for _, torn := range tries {
			got, after := reopened(t, torn)
			switch got {
			case now:
				whole++
			case before:
				takenBack++
			default:
				t.Fatalf("transaction %d without some of its pages: holds\n     %.300s\nwant %.300s\n  or %.300s", n, got, now, before)
			}
			if again, _ := reopened(t, after); again == got {
				t.Fatalf("transaction %d: the one after it is lost", n)
			}
		}
	}
	if whole < 10 || takenBack < 200 {
		t.Errorf("%d files were whole, %d were taken back", whole, takenBack)
	}
}

// reopened is the content of a state file, and the file after one more transaction.
func reopened(t *testing.T, file []byte) (holds string, after []byte) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.db")
	testkit.Write(t, path, string(file))
	s, err := store.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) > 0 {
		return "a new file, since the old one was set aside", nil
	}
	holds = content(t, s)
	update(t, s, enqueue("one more"))
	return holds, fileOf(t, dir)
}

// nothing is the content of a new file.
func nothing(t *testing.T) string {
	empty.Do(func() {
		s, _ := opened(t, t.TempDir())
		emptyContent = content(t, s)
	})
	return emptyContent
}

var (
	empty        sync.Once
	emptyContent string
)

// However a state file is damaged, it is either read as it was stored (after
// damage to one of its two heads, as it was one change before, with a
// warning), or set aside with a warning.
func TestDamage(t *testing.T) {
	testkit.Pure(t)
	file, now, before := filled(t)
	if !settled(t, "undamaged", file, now, "") {
		t.Fatal("the undamaged file is not believed")
	}
	seen := map[bool]int{}
	step := testkit.Fewer(1511, 211) // both prime: every bit of a byte has its turn
	for at := 0; at < len(file); at += step {
		b := slices.Clone(file)
		b[at] ^= 1 << (at % 8)
		seen[settled(t, fmt.Sprintf("bit of byte %d", at), b, now, before)]++
	}
	page := os.Getpagesize()
	for start := 0; start < len(file); start += page { // the beginning of pages, where their structure is
		for at := start; at < min(start+80, len(file)); at += testkit.Fewer(13, 3) {
			b := slices.Clone(file)
			b[at] ^= 1 << (at % 8)
			seen[settled(t, fmt.Sprintf("bit of byte %d", at), b, now, before)]++
		}
		b := slices.Clone(file)
		clear(b[start:min(start+page, len(b))])
		seen[settled(t, fmt.Sprintf("page at %d empty", start), b, now, before)]++
		b = slices.Clone(file)
		copy(b[start:], bytes.Repeat([]byte{0xFF}, 64))
		seen[settled(t, fmt.Sprintf("page at %d all ones", start), b, now, before)]++
		for _, n := range []int{start, start + 1, start + page/2} {
			seen[settled(t, fmt.Sprintf("cut at %d", n), file[:min(n, len(file)-1)], now, before)]++
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("believed and not: %v", seen)
	}
}

// A file that never was a state file is set aside.
func TestNoStateFile(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "a byte": "x", "text": "hello\n", "long text": strings.Repeat("hello\n", 10_000),
		"zeros": strings.Repeat("\x00", 1<<16)} {
		if settled(t, name, []byte(text), "", "") {
			t.Errorf("%s: it was believed", name)
		}
	}
}

// A part whose name is damaged is noticed, also when there is nothing in it.
func TestDamagedNames(t *testing.T) {
	dir := t.TempDir()
	s, _ := opened(t, dir)
	s.Close()
	file, _ := os.ReadFile(filepath.Join(dir, "state.db"))
	for _, name := range []string{"aside", "incidents", "meta", "outbox", "positions"} {
		b := bytes.ReplaceAll(file, []byte(name), []byte(name[:len(name)-1]+"!"))
		if settled(t, name, b, "", "") {
			t.Errorf("%s: it was believed", name)
		}
	}
}

// Two damaged files are both kept.
func TestDamagedTwice(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		os.WriteFile(filepath.Join(dir, "state.db"), []byte(fmt.Sprint("bad", i)), 0o600)
		s, _ := opened(t, dir)
		s.Close()
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "state.db.damaged-*")); len(kept) != 3 {
		t.Errorf("kept %v", kept)
	}
}

// FuzzDamage: whatever is written over a state file, opening it follows the
// same rule.
func FuzzDamage(f *testing.F) {
	f.Add(4096+16+48, []byte{1}, 0)
	f.Add(0, []byte("text"), 10)
	file, now, before := filled(f)
	f.Fuzz(func(t *testing.T, at int, over []byte, cut int) {
		b := slices.Clone(file)
		copy(b[uint(at)%uint(len(b)):], over)
		settled(t, "fuzz", b[:len(b)-int(uint(cut)%uint(len(b)))], now, before)
	})
}
