package receive

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/internal/text"
)

// batch is the lines that one request has for one stream.
type batch struct {
	from Source
	text []byte
}

// decode takes the lines out of an ExportLogsServiceRequest, which has the form of plog.Logs.
func decode(body []byte, isJSON bool) (all []batch, err error) {
	var logs plog.Logs
	if isJSON {
		logs, err = (&plog.JSONUnmarshaler{}).UnmarshalLogs(body)
	} else {
		logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
	}
	if err != nil {
		return nil, err
	}
	known := map[Source]int{}
	for _, of := range logs.ResourceLogs().All() {
		resource := of.Resource().Attributes()
		for _, scope := range of.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				line := lines(record.Body())
				if len(line) == 0 {
					continue
				}
				from := source(resource, record.Attributes())
				i, ok := known[from]
				if !ok {
					i = len(all)
					known[from], all = i, append(all, batch{from: from})
				}
				all[i].text = append(append(all[i].text, line...), '\n')
			}
		}
	}
	return all, nil
}

// lines is the text of a record's body: a line, several lines of one event, or the object of a
// shipper, which is read like one in a file.
func lines(body pcommon.Value) []byte {
	switch body.Type() {
	case pcommon.ValueTypeStr:
		return bytes.TrimRight([]byte(body.Str()), "\r\n")
	case pcommon.ValueTypeBytes:
		return bytes.TrimRight(body.Bytes().AsRaw(), "\r\n")
	case pcommon.ValueTypeMap:
		object, _ := json.Marshal(body.Map().AsRaw()) // fails for numbers that no log has, such as NaN
		return object
	}
	return nil
}

// source is where a record comes from. The resource's attributes come before the record's own.
func source(resource, record pcommon.Map) Source {
	get := func(name string) string {
		for _, of := range []pcommon.Map{resource, record} {
			if v, ok := of.Get(name); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
				return text.Cut(text.Printable(v.Str()), maxName)
			}
		}
		return ""
	}
	from := Source{Node: get("host.name")}
	for _, name := range []string{"log.file.path", "log.file.name"} {
		if from.Log = get(name); from.Log != "" {
			return from
		}
	}
	for _, name := range []string{"k8s.namespace.name", "k8s.pod.name", "k8s.container.name"} {
		if part := get(name); part != "" {
			from.Log += "/" + part
		}
	}
	if from.Log = strings.TrimPrefix(from.Log, "/"); from.Log == "" {
		from.Log = get("service.name")
	}
	return from
}
