package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setup is what does not change in a world.
type Setup struct {
	Seed         uint64
	Tmpfs        bool     // logs in memory, else on the disk, where inodes are used again at once
	Logs         int      // how many logs are followed
	Style        []string // how each is rotated
	Keep         int      // rotated files
	Start        string   // of new logs: end or beginning
	Receivers    int
	Integrations int
	Storm        int
	Burst        string // such as 10in10m: a script has no spaces here; "" = off
	Picky        bool   // the second receiver is only sent what is critical
	MaxOpen      int    // incidents; 0 = the program's limit
	Repeat       string
	RetryFor     string
	Slow         time.Duration // at most so long the reader takes for a block
}

// Step is one thing that happens.
type Step struct {
	After time.Duration // since the step before
	Do    string
	On    int    // which log, or which receiver
	Dice  uint64 // the rest is left to them
}

func (s Step) String() string { return fmt.Sprintf("%s %s %d %d", s.After, s.Do, s.On, s.Dice) }

// Script is a whole world, as a text too.
type Script struct {
	Setup
	Steps []Step
}

func (s Script) String() string {
	var b strings.Builder
	v := reflect.ValueOf(s.Setup)
	for i := range v.NumField() {
		value := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(list, ",")
		}
		fmt.Fprintf(&b, "%s=%s ", v.Type().Field(i).Name, value)
	}
	for _, step := range s.Steps {
		fmt.Fprintf(&b, "\n%s", step)
	}
	return b.String() + "\n"
}

// parse reads what String wrote.
func parse(text string) (s Script, err error) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Fields(line)
		if i == 0 {
			v := reflect.ValueOf(&s.Setup).Elem()
			for _, f := range fields {
				name, value, _ := strings.Cut(f, "=")
				if err := set(v.FieldByName(name), value); err != nil {
					return s, fmt.Errorf("%s: %w", f, err)
				}
			}
			continue
		}
		if len(fields) != 4 {
			return s, fmt.Errorf("line %d: want a pause, what to do, on what, and dice", i+1)
		}
		var step Step
		step.Do = fields[1]
		var errs [3]error
		step.After, errs[0] = time.ParseDuration(fields[0])
		step.On, errs[1] = strconv.Atoi(fields[2])
		step.Dice, errs[2] = strconv.ParseUint(fields[3], 10, 64)
		if err := cmp.Or(errs[:]...); err != nil {
			return s, fmt.Errorf("line %d: %w", i+1, err)
		}
		s.Steps = append(s.Steps, step)
	}
	return s, nil
}

func set(field reflect.Value, value string) (err error) {
	switch field.Interface().(type) {
	case []string:
		field.Set(reflect.ValueOf(strings.Split(value, ",")))
	case string:
		field.SetString(value)
	case time.Duration:
		var d time.Duration
		d, err = time.ParseDuration(value)
		field.SetInt(int64(d))
	case bool:
		field.SetBool(value == "true")
	case uint64:
		var n uint64
		n, err = strconv.ParseUint(value, 10, 64)
		field.SetUint(n)
	default:
		var n int
		n, err = strconv.Atoi(value)
		field.SetInt(int64(n))
	}
	return err
}

// weights say how often each step is drawn.
var weights = map[string]int{
	"write": 30, "ordinary": 6, "rotate": 14, "rotate-late": 2, "compress": 4, "truncate": 2, "away": 2, "delete": 1,
	"bar": 2, "bar-dir": 1, "unbar": 5, "stop": 5, "kill": 8, "start": 14, "reload": 3,
	"receiver": 8, "notifier": 3, "log": 1, "mute": 2, "clock": 2, "wait": 4,
}

// play runs a world to its end, and returns the invariant that does not hold.
func (w *world) play(steps []Step) (wrong *broken) {
	defer func() { wrong = brokenBy(recover()) }()
	for _, s := range steps {
		w.dice = newDice(w.Seed, s.Dice)
		w.pass(s.After)
		w.machine.busy = w.machine.mono
		w.step(s)
		w.model.changed()
	}
	w.rest()
	w.model.check()
	return nil
}

// step does one step. One that makes no sense now does nothing.
func (w *world) step(s Step) {
	d := w.disks[s.On%len(w.disks)]
	r := w.receivers[s.On%len(w.receivers)]
	tell := func(what string) { w.narrate("%s: %s", d.name, what) }
	switch s.Do {
	case "write":
		w.write(d, 1+w.dice.IntN(3))
	case "ordinary":
		tell("ordinary lines")
		w.ordinaryLines(d)
	case "rotate", "rotate-late":
		if d.active != nil {
			tell("rotated, " + d.style)
			d.rotate(s.Do == "rotate-late" && d.seen && d.style != "replace" && d.style != "copytruncate")
		}
	case "compress":
		for i, f := range d.rotated {
			if !f.zipped && f.name != "" && (i < len(d.rotated)-1 || w.dice.chance(2)) {
				tell("compresses " + filepath.Base(f.name))
				d.compress(i)
				break
			}
		}
	case "truncate":
		if d.active != nil {
			tell("truncated in place")
			d.active.unnoticed(d.style == "copytruncate")
			d.truncate(d.active)
		}
	case "away", "delete":
		w.takeAway(d, s.Do == "delete")
	case "bar", "bar-dir", "unbar":
		w.permit(d, s.Do)
	case "clock":
		w.stepClock()
	case "receiver":
		r.mode, r.heals = w.dice.pick(modes...), w.machine.mono+w.dice.pause(12*time.Hour)
		w.narrate("receiver %s from now on: %s", r.name, r.mode)
	case "wait":
	default:
		w.operate(s, d, r)
	}
}

// operate is what an administrator does to the daemon.
func (w *world) operate(s Step, d *disk, r *receiver) {
	running := w.daemon != nil
	switch {
	case s.Do == "start" && !running:
		w.narrate("the daemon starts")
		w.must(w.start())
	case s.Do == "stop" && running:
		w.mayMissStep()
		w.narrate("the daemon stops")
		w.must(w.stop())
		w.checkStateRedacted()
	case s.Do == "kill" && running:
		w.mayMissStep()
		w.narrate("the daemon is killed")
		w.must(w.kill())
		w.checkStateRedacted()
	case s.Do == "notifier":
		r.configured = !r.configured
		r.left = r.left || !r.configured
		w.narrate("notifier %s configured: %t", r.name, r.configured)
		w.reloaded(running)
	case s.Do == "log":
		d.configured = !d.configured
		if d.configured {
			d.name += "+" // under a new name
		}
		w.narrate("%s configured: %t", d.name, d.configured)
		w.reloaded(running)
	case s.Do == "mute":
		w.muted = w.dice.pick("", `"entra-client-secret-invalid"`, `"unknown"`)
		w.everMuted = w.everMuted || w.muted != ""
		w.narrate("muted: [%s]", w.muted)
		w.reloaded(running)
	case s.Do == "reload":
		w.reloaded(running)
	}
}

// mayMissStep notes that the daemon ends: it had no time to see that the clock was set just
// before.
func (w *world) mayMissStep() {
	w.blindStep = w.blindStep || w.clockSet && w.machine.mono-w.steps[len(w.steps)-1] < 5*time.Second+w.Slow
}

func (w *world) reloaded(running bool) {
	if !slices.ContainsFunc(w.receivers, func(r *receiver) bool { return r.configured }) {
		w.receivers[0].configured = true // with none the console is one
	}
	if !slices.ContainsFunc(w.disks, func(d *disk) bool { return d.configured }) {
		w.disks[0].configured = true
	}
	if running {
		w.narrate("reload")
		w.must(w.reload())
	}
}

func (w *world) ordinaryLines(d *disk) {
	if d.active == nil {
		d.active = d.create(d.path, nil)
	}
	for range 1 + w.dice.IntN(3) {
		d.append(d.active, w.ordinary())
	}
}

// takeAway removes the log, or renames it to a name that is no rotated one.
func (w *world) takeAway(d *disk, remove bool) {
	f := d.active
	if f == nil {
		return
	}
	d.active = nil
	f.unnoticed(d.style == "copytruncate") // which its copy conceals
	if remove {
		w.narrate("%s: removed", d.name)
		d.remove(f)
		return
	}
	w.narrate("%s: moved away", d.name)
	d.unbarred(func() error { return os.Rename(f.name, filepath.Join(w.dir, fmt.Sprint("away-", w.created))) })
	w.created++
	f.name = ""
	f.written.Close()
}

func (w *world) permit(d *disk, do string) {
	dir := filepath.Dir(d.path)
	switch {
	case do == "bar" && d.active != nil:
		w.narrate("%s: may not be read", d.name)
		d.chmod(d.active, true)
	case do == "bar-dir":
		w.narrate("%s: its directory may not be entered", d.name)
		d.barred = true
		w.must(os.Chmod(dir, 0))
	case do == "unbar":
		w.narrate("%s: may be read", d.name)
		w.unbar(d)
	}
}

func (w *world) unbar(d *disk) {
	d.barred = false
	w.must(os.Chmod(filepath.Dir(d.path), 0o755))
	for _, f := range d.files() {
		if f.barred {
			d.chmod(f, false)
		}
	}
}

func (w *world) stepClock() {
	by := w.dice.pause(2*time.Hour) - time.Hour
	if w.dice.chance(3) {
		by = w.dice.pause(4*24*time.Hour) - 2*24*time.Hour
	}
	w.narrate("the clock is set by %s", by)
	w.machine.stepped += by
	w.clockSet, w.blindStep, w.steps = true, w.blindStep || w.daemon == nil, append(w.steps, w.machine.mono)
	for _, r := range w.receivers {
		r.until = 0
	}
}

// rest brings a world to rest: all can be read and reached, and the daemon has
// time for it.
func (w *world) rest() {
	w.dice = newDice(w.Seed, 1<<60)
	w.narrate("everything works again")
	for _, d := range w.disks {
		w.unbar(d)
		d.configured = true
	}
	for _, r := range w.receivers {
		r.mode = "well"
	}
	if w.daemon == nil {
		w.must(w.start())
	} else {
		w.must(w.reload()) // a disabled receiver is retried
	}
	w.pass(10 * time.Second)
	for _, d := range w.disks {
		w.ordinaryLines(d)
	}
	w.pass(grace + 30*w.Slow + 3*time.Hour)
	for range 3 { // a poller looks at the end of a long pause
		w.pass(quietAfter / 2)
	}
	w.pass(time.Minute)
	w.finalState()
	w.must(w.stop())
	w.checkStateRedacted()
}
