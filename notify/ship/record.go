package ship

import (
	"cmp"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/notify"
)

// record is a log record, with the names of OTLP's JSON, but with plain objects in place of its
// lists of typed values: any shipper reads them in one step.
// https://opentelemetry.io/docs/specs/otel/logs/data-model/
type record struct {
	Time           string            `json:"timeUnixNano"`
	Observed       string            `json:"observedTimeUnixNano"`
	SeverityNumber int               `json:"severityNumber"`
	SeverityText   string            `json:"severityText"`
	EventName      string            `json:"eventName"`
	Resource       map[string]string `json:"resource"`
	Attributes     map[string]string `json:"attributes"`
	Body           body              `json:"body"`
}

// body is the data of an alert without its kind.
type body struct {
	alert.Data
	Kind *struct{} `json:"kind,omitempty"`
}

// severities are the numbers of Jira's levels.
// https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
var severities = map[string]int{"WARN": 13, "ERROR": 17, "FATAL": 21}

// recordOf is a failure as a log record. Its attributes have the names of the semantic conventions:
// https://opentelemetry.io/docs/specs/semconv/
func recordOf(d notify.Delivery) record {
	data := d.Alert.Data
	r := record{
		Time: nanoseconds(d.Alert.Timestamp), Observed: nanoseconds(d.Queued),
		SeverityNumber: severities[d.Level], SeverityText: d.Level,
		EventName: d.Alert.Type,
		Resource:  map[string]string{"service.name": "jira", "host.name": data.Node},
		Attributes: map[string]string{
			"log.record.uid":         string(data.ID),
			"log.file.path":          data.Log.Path,
			"log.file.name":          filepath.Base(data.Log.Path),
			"error.type":             data.Cause.ID,
			"user.name":              data.Request.User,
			"client.address":         data.Request.Client,
			"url.path":               data.Request.Path,
			"jira.oauth.cause":       data.Cause.ID,
			"jira.oauth.integration": cmp.Or(data.Integration.ID, alert.Unknown),
		},
		Body: body{Data: data},
	}
	ofFile := data.Log.Path != "-" && data.Log.Path != "" // standard input; a shipper that names no file
	maps.DeleteFunc(r.Attributes, func(name, value string) bool {
		return value == "" || strings.HasPrefix(name, "log.file.") && !ofFile
	})
	return r
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
