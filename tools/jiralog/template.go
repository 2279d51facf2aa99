package main

import (
	"fmt"
	"regexp"
	"strconv"

	"jira-oauth-watcher/matchers"
)

// template is an event: pieces of text with holes between them.
type template []segment

type segment struct {
	text string
	hole string // "" = none
	n    int
}

var holes = regexp.MustCompile(`\{([a-z]+)(\d*)\}`)

// parse splits a text: {user} is a hole, {n200} a number below 200.
func parse(text string) template {
	var t template
	at := 0
	for _, m := range holes.FindAllStringSubmatchIndex(text, -1) {
		n, _ := strconv.Atoi(text[m[4]:m[5]])
		t = append(t, segment{text[at:m[0]], text[m[2]:m[3]], n})
		at = m[1]
	}
	return append(t, segment{text: text[at:]})
}

func (t template) fill(b []byte, l *Log) []byte {
	for i := range t {
		p := &t[i]
		b = append(b, p.text...)
		switch p.hole {
		case "":
		case "date":
			b = l.date(b)
		case "n":
			b = l.number(b, p.n)
		case "user":
			b = append(append(b, "jira.user"...), hex[l.event.user%16])
			b = strconv.AppendInt(b, int64(l.event.user), 10)
		case "request":
			minute := l.now.Hour()*60 + l.now.Minute()
			b = strconv.AppendInt(b, int64(minute), 10)
			b = strconv.AppendInt(append(b, 'x'), int64(l.written.Events), 10)
			b = strconv.AppendInt(append(b, 'x'), int64(1+l.event.user%3), 10)
		case "session":
			b = strconv.AppendInt(append(b, '1'), 1_000_000_000+int64(l.event.session)*40_503, 36)
		case "address":
			b = append(b, "10.0."...)
			b = strconv.AppendInt(b, int64(l.event.address%7), 10)
			b = strconv.AppendInt(append(b, '.'), int64(l.event.address%251), 10)
			b = append(b, ",127.0.0.1"...)
		case "path":
			b = append(b, paths[l.event.path%len(paths)]...)
		case "key":
			b = append(b, projects[l.event.path%len(projects)]...)
			b = strconv.AppendInt(append(b, '-'), int64(l.event.path%9973), 10)
		case "guid":
			b = l.guid(b)
		case "flow":
			b = append(b, l.flows[l.event.flow].id...)
		case "utc":
			b = l.now.UTC().AppendFormat(b, "2006-01-02 15:04:05Z")
		default:
			panic("no hole " + p.hole)
		}
	}
	return b
}

const failureHeader = "{date} http-nio-8080-exec-{n200} ERROR {user} {request} {session} {address} /rest/oauth2-client/latest/config/flow/{flow} " +
	"[c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. The error message is: "

var (
	braces    = regexp.MustCompile(`[{}]`)
	headRE    = regexp.MustCompile(`(?s)^.*?The error message is:\s*`)
	traceID   = regexp.MustCompile(`((?:Trace|Correlation) ID: )[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	timestamp = regexp.MustCompile(`(Timestamp: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)
)

// failureTemplates are failures in the causes' own words, one of each cause
// that has an example in the form of the plugin's report.
func failureTemplates() (all []template, causes []string, err error) {
	set, err := matchers.Load("")
	if err != nil {
		return nil, nil, err
	}
	for _, c := range set.Causes() {
		text := headRE.ReplaceAllString(c.Example(), "")
		v := set.Text(text)
		if !v.Ours || v.Failure.Cause != c {
			continue // an event of another form
		}
		text = braces.ReplaceAllStringFunc(text, func(brace string) string { return "\x00" + brace })
		text = traceID.ReplaceAllString(text, "$1{guid}")
		text = timestamp.ReplaceAllString(text, "$1{utc}")
		t := parse(failureHeader + text + "\n")
		for i := range t {
			t[i].text = regexp.MustCompile("\x00").ReplaceAllString(t[i].text, "")
		}
		all, causes = append(all, t), append(causes, c.ID)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("no cause has an example")
	}
	return all, causes, nil
}
