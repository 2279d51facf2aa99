package jiraoauthprocessor

import (
	"cmp"
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/event"
	"jira-oauth-watcher/internal/incident"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/matchers"
	"jira-oauth-watcher/tailer"
)

// prefix is that of all attributes.
const prefix = "jira.oauth."

// diagnoser diagnoses records. It is immutable.
type diagnoser struct {
	causes       *matchers.Set
	settings     conf.Config
	zone         *time.Location // of timestamps without an offset
	onlyFailures bool
}

func (d *diagnoser) process(_ context.Context, logs plog.Logs) (plog.Logs, error) {
	logs.ResourceLogs().RemoveIf(func(r plog.ResourceLogs) bool {
		node := textOf(r.Resource().Attributes(), "host.name")
		r.ScopeLogs().RemoveIf(func(s plog.ScopeLogs) bool {
			s.LogRecords().RemoveIf(func(l plog.LogRecord) bool {
				f, ok := d.failure(l)
				if ok {
					d.describe(f, node, l.Attributes())
				}
				return d.onlyFailures && !ok
			})
			return d.onlyFailures && s.LogRecords().Len() == 0
		})
		return d.onlyFailures && r.ScopeLogs().Len() == 0
	})
	if d.onlyFailures && logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// failure is the first failure in a record, whose body is an event as it is in the log, or what
// another shipper has put around one.
func (d *diagnoser) failure(l plog.LogRecord) (f matchers.Failure, ok bool) {
	file := cmp.Or(textOf(l.Attributes(), "log.file.name"), textOf(l.Attributes(), "log.file.path"))
	take := func(e event.Event) {
		if !ok {
			v := d.causes.Diagnose(string(e.Text), d.zone)
			f, ok = v.Failure, v.Ours
		}
	}
	text := []byte(l.Body().AsString())
	if l.Body().Type() == pcommon.ValueTypeBytes {
		text = l.Body().Bytes().AsRaw()
	}
	lines := event.Assembler{Find: matchers.Finder(conf.KindOf(file))}
	lines.Block(tailer.Block{Text: text}, take)
	lines.Flush(take)
	return f, ok
}

// describe replaces the attributes of the processor with those of a failure, redacted.
func (d *diagnoser) describe(f matchers.Failure, node string, attributes pcommon.Map) {
	settings := d.settings
	settings.Node = node
	a := incident.NewRules(&settings).Explain(f, incident.Source{})
	attributes.RemoveIf(func(name string, _ pcommon.Value) bool { return strings.HasPrefix(name, prefix) })
	put := func(name, value string) {
		if value != "" {
			attributes.PutStr(prefix+name, value)
		}
	}
	list := func(name string, values []string) {
		all := attributes.PutEmptySlice(prefix + name)
		for _, value := range values {
			all.AppendEmpty().SetStr(value)
		}
	}
	put("cause", a.Cause.ID)
	if n := a.Cause.RootCause; n != nil {
		attributes.PutInt(prefix+"root_cause", int64(*n))
	}
	put("title", a.Cause.Title)
	put("provider", a.Cause.Provider)
	put("severity", a.Cause.Severity.String())
	put("confidence", a.Cause.Confidence)
	put("phase", a.Phase)
	put("integration", a.Integration.ID)
	put("known_by", a.Integration.KnownBy)
	if name := a.Integration.Name; name != nil {
		put("integration_name", *name)
	}
	if flow := a.Integration.Flow; flow != nil {
		put("flow", *flow)
	}
	put("diagnosis", a.Diagnosis)
	put("confirm", a.Confirm)
	list("codes", a.Cause.Codes)
	var steps, links []string
	for _, s := range a.Fix {
		steps = append(steps, message.Actor(s.Where)+": "+s.Text)
	}
	for _, l := range a.Links {
		links = append(links, l.URL)
	}
	list("steps", steps)
	list("links", links)
}

// textOf is an attribute as text, "" if there is none.
func textOf(attributes pcommon.Map, name string) string {
	if value, ok := attributes.Get(name); ok {
		return value.AsString()
	}
	return ""
}
