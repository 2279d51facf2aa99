package matchers_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/testkit"
	"jira-oauth-watcher/matchers"
)

// sameSight checks that a FastMatcher finds in an event what Diagnose does.
func sameSight(t *testing.T, p *matchers.FastMatcher, s *matchers.Set, text string) {
	t.Helper()
	v := s.Diagnose(text, time.UTC)
	want := matchers.Failure{}
	if v.Ours {
		want = matchers.Failure{Time: v.Failure.Time, Integration: v.Failure.Integration, Header: v.Header, Cause: v.Failure.Cause,
			Impact: v.Failure.Impact}
		if want.Integration.Flow == "" {
			want.Known = v.Failure.Known
		}
	}
	got, ours := p.Match(text, time.UTC)
	if ours != v.Ours || !reflect.DeepEqual(got, want) {
		t.Fatalf("event %q\n got %v %+v\nwant %v %+v", text, ours, got, v.Ours, want)
	}
}

// proofs are all events that a cause of the catalogue must explain.
func proofs(s *matchers.Set) (events []string) {
	for _, c := range s.Causes() {
		logs, texts := c.Proofs()
		events = append(events, logs...)
		for _, text := range texts {
			events = append(events, carrier(text))
		}
	}
	return events
}

var (
	anyID   = regexp.MustCompile(`((?:Trace|Correlation) ID: )[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)
	anyTime = regexp.MustCompile(`(Timestamp: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)
)

// again is an event with other IDs and times of Microsoft's.
func again(random *rand.Rand, text string) string {
	text = anyID.ReplaceAllStringFunc(text, func(found string) string {
		before, _, _ := strings.Cut(found, ": ")
		a, b := random.Uint64(), random.Uint64()
		return fmt.Sprintf("%s: %08x-%04x-%04x-%04x-%012x", before, a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
	})
	return anyTime.ReplaceAllStringFunc(text, func(string) string {
		return "Timestamp: " + time.Unix(random.Int64N(4e9), 0).UTC().Format("2006-01-02 15:04:05Z")
	})
}

// A FastMatcher finds what Diagnose does, in every event that the catalogue knows,
// whether or not it has seen its like.
func TestFastMatch(t *testing.T) {
	s := builtin(t)
	p := matchers.NewFastMatcher(func() *matchers.Set { return s })
	for range 2 {
		for _, text := range proofs(s) {
			sameSight(t, p, s, text)
		}
		for _, text := range []string{"", "no header", carrier("x")[:60], strings.Replace(carrier("x"), "ERROR", "INFO", 1),
			carrier(strings.Repeat("AADSTS50194 ", 1000))} {
			sameSight(t, p, s, text)
		}
	}
}

// No pattern of the catalogue matches what a FastMatcher blurs: whatever
// Microsoft's IDs and times are, the cause is the same.
func TestBlur(t *testing.T) {
	s := builtin(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range proofs(s) {
		want := s.Diagnose(text, time.UTC).Failure.Cause
		p := matchers.NewFastMatcher(func() *matchers.Set { return s })
		for range 5 {
			other := again(random, text)
			if got := s.Diagnose(other, time.UTC).Failure.Cause; got != want {
				t.Errorf("%q\nis %s, with other IDs %s", text, want.ID, got.ID)
			}
			sameSight(t, p, s, other)
		}
	}
}

// An operator's pattern may look at anything, also at what differs from one
// failure to the next.
func TestFastMatchOwn(t *testing.T) {
	dir := t.TempDir()
	own := `
[[cause]]
id = "own"
provider = "any"
title = "T"
severity = "low"
confidence = "likely"
tier = "provider"
patterns = ['zebra secret. Trace ID: 1\w{7}-']
diagnosis = "D"
confirm = "C"
fix = [{where = "jira-host", text = "F"}]
sample = [{match = true, text = "AADSTS7000215: zebra secret. Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00"}]
`
	testkit.Write(t, filepath.Join(dir, "own.toml"), own)
	s, err := matchers.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := matchers.NewFastMatcher(func() *matchers.Set { return s })
	for _, id := range []string{"15582ef9", "25582ef9", "15582ef0"} {
		sameSight(t, p, s, carrier("AADSTS7000215: zebra secret. Trace ID: "+id+"-f50c-49d2-bbea-ed98debc4d00"))
	}
}

var (
	flowURLRE  = regexp.MustCompile(`^(?:/[^/\s?;#]+)?/(?:rest/oauth2-client/|plugins/servlet/oauth2/client/callback)`)
	flowUUIDRE = regexp.MustCompile(`config/flow/([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})`)
)

// URLs are taken apart by hand as expressions do.
func TestURLs(t *testing.T) {
	pieces := []string{"/rest/oauth2-client/", "/plugins/servlet/oauth2/client/callback", "/", "//", "/jira", "latest/", "config/flow/", flowID,
		strings.ToUpper(flowID), flowID[:30], "?code=1", " ", "\t", "é", ""}
	random := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		url := ""
		for range random.IntN(6) {
			url += pieces[random.IntN(len(pieces))]
		}
		if got, want := matchers.IsFlowURL(url), flowURLRE.MatchString(url); got != want {
			t.Fatalf("%q belongs to the flow: %v, want %v", url, got, want)
		}
		want := ""
		if m := flowUUIDRE.FindStringSubmatch(url); m != nil {
			want = m[1]
		}
		if got := matchers.FlowID(url); got != want {
			t.Fatalf("flow of %q: %q, want %q", url, got, want)
		}
	}
}

// FuzzFastMatch: a FastMatcher finds what Diagnose does, also from its cache.
func FuzzFastMatch(f *testing.F) {
	s := builtin(f)
	for _, a := range articles {
		f.Add(kb(f, a.file), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		p, random := matchers.NewFastMatcher(func() *matchers.Set { return s }), rand.New(rand.NewPCG(seed, 1))
		for _, text := range []string{text, carrier(text), again(random, carrier(text)), again(random, carrier(text))} {
			sameSight(t, p, s, text)
		}
	})
}

// BenchmarkFastMatch is a failure in a storm.
func BenchmarkFastMatch(b *testing.B) {
	s := builtin(b)
	p := matchers.NewFastMatcher(func() *matchers.Set { return s })
	random := rand.New(rand.NewPCG(1, 2))
	var all []event.Event
	for range 100 {
		all = append(all, event.Event{Text: []byte(again(random, kb(b, "rc1-aadsts50194.log")))})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := p.Match(string(all[i%100].Text), time.UTC); !ok {
			b.Fatal("not ours")
		}
	}
}
