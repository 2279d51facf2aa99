package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/clock"
	"jira-oauth-watcher/matchers"
)

// canary begins every planted secret, and nothing else.
const canary = "caNAry"

// world is one simulated machine: disks, Jira, the daemon, its receivers.
type world struct {
	Setup
	dir     string
	machine *machine
	dice    *dice // of the step that is under way
	set     *matchers.Set

	disks     []*disk
	receivers []*receiver
	muted     string
	everMuted bool
	clockSet  bool
	blindStep bool                         // … while the daemon did not run
	steps     []time.Duration              // when it was set
	aside     map[string]map[alert.ID]bool // what was given up, by notifier and ID

	daemon  *daemon
	node    *node // what writes the logs, nil = the steps of a script do
	model   *model
	log     *slog.Logger
	said    strings.Builder // by the log of the daemon
	births  map[uint64]time.Time
	created int
	story   []string
}

// broken ends a world: an invariant does not hold.
type broken struct{ promise, what string }

func (b broken) String() string { return b.promise + ": " + b.what }

func (w *world) fail(promise, format string, args ...any) {
	panic(broken{promise, fmt.Sprintf(format, args...)})
}

// brokenBy is the invariant that ended a world with a panic, nil = none did.
func brokenBy(panicked any) *broken {
	if panicked == nil {
		return nil
	}
	b, ok := panicked.(broken)
	if !ok {
		panic(panicked)
	}
	return &b
}

func (w *world) must(err error) {
	if err != nil {
		w.fail("no error", "%v", err)
	}
}

// narrate adds a sentence to the story.
func (w *world) narrate(format string, args ...any) {
	at := w.machine.mono.Round(time.Millisecond)
	w.story = append(w.story, fmt.Sprintf("%12s  %s", at, fmt.Sprintf(format, args...)))
}

// pass lets time pass, from within a step too.
func (w *world) pass(d time.Duration) {
	w.model.changed()
	w.machine.pass(d)
	w.model.changed()
}

func newWorld(s Setup, set *matchers.Set) (*world, error) {
	parent := os.TempDir()
	if s.Tmpfs {
		parent = memory()
	}
	dir, err := os.MkdirTemp(parent, "world-")
	if err != nil {
		return nil, err
	}
	w := &world{Setup: s, dir: dir, set: set, births: map[uint64]time.Time{}, dice: newDice(s.Seed, 0)}
	w.machine = &machine{begin: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), chance: rand.New(rand.NewPCG(s.Seed, 1))}
	w.model = &model{w: w, alerts: map[alert.ID]*queuedAlert{}, last: map[string]*failure{}, opened: map[string]opening{}}
	w.machine.after = w.model.turned
	w.log = newLogger(&w.said, w.machine.Now)
	clock.Use(&source{w.machine, w})
	for i := range s.Logs {
		name := fmt.Sprintf("jira-%d.log", i)
		d := &disk{w: w, path: filepath.Join(dir, fmt.Sprint(i), name), name: name}
		d.style, d.keep, d.configured, d.blank = s.Style[i], s.Keep, true, true
		if err := os.Mkdir(filepath.Dir(d.path), 0o755); err != nil {
			return nil, err
		}
		w.disks = append(w.disks, d)
	}
	for i := range s.Receivers {
		w.receivers = append(w.receivers, newReceiver(w, string(rune('a'+i))))
	}
	return w, os.MkdirAll(w.stateDir(), 0o700)
}

// memory is a directory in memory, where there is one.
func memory() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return os.TempDir()
}

// stateDir is in memory: a transaction waits for the disk, which proves nothing
// here.
func (w *world) stateDir() string { return filepath.Join(memory(), filepath.Base(w.dir)+"-state") }

// remove takes a world off the disk.
func (w *world) remove() {
	for _, d := range w.disks {
		os.Chmod(filepath.Dir(d.path), 0o755)
		for _, f := range d.files() {
			f.written.Close()
		}
	}
	os.RemoveAll(w.dir)
	os.RemoveAll(w.stateDir())
}

// source is the simulated clock, which knows when files were created too.
type source struct {
	*machine
	w *world
}

func (s *source) Born(f *os.File, at time.Time) time.Time {
	if info, err := f.Stat(); err == nil {
		if born, ok := s.w.births[info.Sys().(*syscall.Stat_t).Ino]; ok {
			return born
		}
	}
	return at
}

// born notes when a file came to be: the file system's clock is the real one.
func (w *world) born(f *os.File) {
	info, err := f.Stat()
	w.must(err)
	w.created++ // no two files have one time
	w.births[info.Sys().(*syscall.Stat_t).Ino] = w.machine.Now().Add(time.Duration(w.created))
}

// dice make what a step does depend only on its own number.
type dice struct{ *rand.Rand }

func newDice(seed, n uint64) *dice { return &dice{rand.New(rand.NewPCG(seed, n))} }

// chance is true once in n times.
func (d *dice) chance(n int) bool { return d.IntN(n) == 0 }

func (d *dice) pause(most time.Duration) time.Duration { return time.Duration(d.Int64N(int64(most))) }

func (d *dice) pick(from ...string) string { return from[d.IntN(len(from))] }

func (w *world) diskOf(path string) *disk {
	for _, d := range w.disks {
		if d.path == path {
			return d
		}
	}
	return nil
}

// secret is a value that must not appear anywhere.
func (w *world) secret(of string) string {
	sum := sha256.Sum256(fmt.Append(nil, w.Seed, of))
	return canary + fmt.Sprintf("%X", sum[:12]) + "xYz"
}

// texts are what failures say, in the words of Jira and the providers. %s is a secret;
// what follows a bar comes in separate lines.
var texts = []string{
	`AADSTS7000215: Invalid client secret is provided. Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00 Correlation ID: b56ef91f-c6af-4026-8226-7ec6ed7e5589 Timestamp: 2026-03-02 06:14:59Z client_secret=%s`,
	`Error when fetching authorization response: {"error_description":"AADSTS50194: Application '79c86cf8-e761-4fdc-bc20-a629c5d04260'(Single Tenant - Test) is not configured as a multi-tenant application. Usage of the \/common endpoint is not supported.", "error":"invalid_request", "refresh_token":"%s"}`,
	`java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 Proxy Authentication Required"`,
	`javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target, Authorization: Bearer %s`,
	`Something that is in no catalogue, access_token=%s`,
	`Could not fetch|	at com.atlassian.oauth2.client.lib.token.DefaultTokenService.forceRefresh(DefaultTokenService.java:70)|Caused by: java.net.UnknownHostException: login.microsoftonline.com|	at java.base/java.net.Socket.connect(Socket.java:1)`,
	`Error when fetching authorization response: {"error_description":"AADSTS65001: The user or administrator has not consented to use the application. Send an interactive authorization request.", "error":"consent_required", "id_token":"%s"}`,
}

// entry makes the text of one failure, in one piece or in two.
func (w *world) entry(d *disk) (x *failure, text string) {
	m := w.model
	id := w.dice.IntN(w.Integrations)
	x = &failure{disk: d, at: w.machine.Now().Truncate(time.Millisecond)}
	x.key = fmt.Sprintf("%08x-1111-4222-8333-%012x", w.Seed&0xffffffff, id)
	for m.has(x.key, x.at) {
		x.at = x.at.Add(time.Millisecond)
	}
	said := texts[w.dice.IntN(len(texts))]
	if strings.Contains(said, "%s") {
		said = fmt.Sprintf(said, w.secret("Text"))
	}
	session := strings.ToLower(w.secret("session"))[:12]
	const form = "%s http-nio-8080-exec-%d ERROR julien 755x%dx2 %s 10.1.2.3 /rest/oauth2-client/latest/config/flow/%s " +
		"[c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. " +
		"The error message is: %s\n"
	text = fmt.Sprintf(form, stamp(x.at), w.dice.IntN(20), len(m.failures), session, x.key, strings.ReplaceAll(said, "|", "\n"))
	v := w.set.Diagnose(strings.TrimSuffix(text, "\n"), time.UTC)
	if !v.Ours {
		w.must(errors.New("this is no failure: " + text))
	}
	x.cause = v.Failure.Cause.ID
	return x, text
}

func stamp(at time.Time) string { return at.Format("2006-01-02 15:04:05,000-0700") }

// ordinary is a line of something else.
func (w *world) ordinary() string {
	at := stamp(w.machine.Now())
	switch w.dice.IntN(4) {
	case 0:
		return at + " Caesium-1-2 WARN ServiceRunner     [c.a.j.p.e.s.c.AbstractJql] A trace follows\n" +
			"java.lang.IllegalStateException: x\n\tat a.b.C.d(C.java:1)\n"
	case 1:
		return at + " http-nio-8080-exec-3 INFO admin 755x1x1 1x7rwk 10.1.2.3 /rest/oauth2/latest/token " +
			"[c.a.oauth2.provider.X] token issued\n"
	default:
		return at + fmt.Sprintf(" main INFO      [c.a.jira.startup.JiraStartupLogger] ordinary %d\n", w.dice.IntN(1e6))
	}
}

// write adds n failures, with ordinary lines between them, to the log.
func (w *world) write(d *disk, n int) {
	if d.active == nil {
		d.active = d.create(d.path, nil)
	}
	w.writeTo(d, d.active, n)
}

// writeTo writes to a file of the log. The pauses are such that an event may
// still be open when the next one comes.
func (w *world) writeTo(d *disk, f *file, n int) {
	for range n {
		for w.dice.chance(2) {
			d.append(f, w.ordinary())
		}
		x, text := w.entry(d)
		f.holds([]*failure{x})
		w.model.begun(x)
		if cut := w.dice.IntN(len(text)); w.dice.chance(6) {
			d.append(f, text[:cut])
			w.pass(w.dice.pause(1500 * time.Millisecond))
			text = text[cut:]
			x.split = true
		}
		d.append(f, text)
		w.model.wrote(x)
		at := x.at.Format("15:04:05.000")
		w.narrate("%s: a failure of integration %s at %s, %s", filepath.Base(f.name), x.key[len(x.key)-2:], at, x.cause)
		if w.dice.chance(3) {
			w.pass(w.dice.pause(200 * time.Millisecond))
		}
	}
	for w.dice.chance(2) {
		d.append(f, w.ordinary())
	}
}
