package receive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/internal/text"
)

// decode takes the lines out of an ExportLogsServiceRequest, which has the form of plog.Logs.
func decode(body []byte, isJSON bool) (lines map[Source][]byte, err error) {
	var logs plog.Logs
	if isJSON {
		logs, err = (&plog.JSONUnmarshaler{}).UnmarshalLogs(body)
	} else {
		logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(body)
	}
	if err != nil {
		return nil, err
	}
	lines = map[Source][]byte{}
	for _, of := range logs.ResourceLogs().All() {
		resource := of.Resource().Attributes()
		for _, scope := range of.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if text := textOf(record.Body()); len(text) > 0 {
					from := source(resource, record.Attributes())
					lines[from] = append(append(lines[from], text...), '\n')
				}
			}
		}
	}
	return lines, nil
}

// textOf is the text of a record's body: a line, several lines of one event, or the object of a
// shipper, which is read like one in a file.
func textOf(body pcommon.Value) []byte {
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
	pod := slices.DeleteFunc([]string{get("k8s.namespace.name"), get("k8s.pod.name"), get("k8s.container.name")},
		func(part string) bool { return part == "" })
	return Source{Node: get("host.name"), Log: cmp.Or(get("log.file.path"), get("log.file.name"),
		strings.Join(pod, "/"), get("service.name"))}
}
