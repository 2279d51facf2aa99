//go:build collector

package jiraoauthprocessor

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"jira-oauth-watcher/internal/alert"
	"jira-oauth-watcher/internal/testkit"
)

// What the processor costs the collector: the same log with and without it, in turn, from the file to
// the watcher's alert about the last record.
func TestCollectorCost(t *testing.T) {
	log := os.Getenv("COST_LOG")
	if log == "" {
		t.Skip("COST_LOG is not set: a log of tools/jiralog")
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	records := int64(bytes.Count(text, []byte("\n2026-"))) + 1
	rows := []struct{ name, processors string }{
		{"without the processor", "[]"},
		{"jira_oauth", "[jira_oauth]"},
		{"jira_oauth, only_failures", "[jira_oauth/failures]"},
	}
	const rounds = 5
	rates, costs := make([][]float64, len(rows)), make([][]float64, len(rows))
	for range rounds {
		for i, row := range rows {
			address, alerts, _ := watch(t)
			dir := t.TempDir()
			own := filepath.Join(dir, "atlassian-jira.log")
			config := testkit.Write(t, filepath.Join(dir, "cost.yaml"), fmt.Sprintf(costConfig, own, address, row.processors))
			p := run(t, "OTELCOL", "--config", config).says("Everything is ready")
			begin, before := time.Now(), cpu(t, p)
			testkit.Write(t, own+".new", string(text)+testkit.FailureAt(1, 1, testkit.BadSecret))
			if err := os.Rename(own+".new", own); err != nil {
				t.Fatal(err)
			}
			last := func(a alert.Data) bool { return a.Integration.ID == testkit.FlowID(1) }
			for n := 1; !slices.ContainsFunc(alerts(n), last); n++ {
			}
			elapsed := time.Since(begin)
			rates[i] = append(rates[i], float64(records)/elapsed.Seconds())
			costs[i] = append(costs[i], float64((cpu(t, p)-before).Nanoseconds())/1e3/float64(records))
			p.stop()
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d records, medians of %d rounds in turn\n\n| collector | records/s | CPU µs per record |\n|---|---|---|\n", records, rounds)
	for i, row := range rows {
		fmt.Fprintf(&table, "| %s | %.0f | %.2f |\n", row.name, median(rates[i]), median(costs[i]))
	}
	fmt.Println(table.String())
}

const costConfig = `
receivers:
  filelog:
    include: [%q]
    start_at: beginning
    multiline: {line_start_pattern: '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}'}
processors:
  jira_oauth:
  jira_oauth/failures: {only_failures: true}
exporters:
  otlphttp: {endpoint: %q, compression: none, sending_queue: {num_consumers: 1, block_on_overflow: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [filelog], processors: %s, exporters: [otlphttp]}
`

// cpu is the CPU time that a program has used.
func cpu(t *testing.T, p *program) time.Duration {
	t.Helper()
	var user, system int64
	stat := testkit.Read(t, fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// What the watcher's own receiver takes: requests of 500 records, one after the other on each
// connection, each node with its own stream.
func TestReceiverRate(t *testing.T) {
	const rounds, requests, size = 5, 200, 500
	var table strings.Builder
	fmt.Fprintf(&table, "%d records per request, medians of %d rounds\n\n| connections | failures | records/s | CPU µs per record |\n|---|---|---|---|\n", size, rounds)
	for _, row := range []struct {
		connections, every int
		failures           string
	}{{1, 0, "none"}, {4, 0, "none"}, {4, 1000, "1 in 1,000"}} {
		var rates, costs []float64
		for range rounds {
			address, _, again := watch(t)
			w := again(func() {})
			begin, before := time.Now(), cpu(t, w)
			var all sync.WaitGroup
			for node := range row.connections {
				all.Go(func() {
					for n := range requests / row.connections {
						post(t, address, batch(node, n*size, size, row.every))
					}
				})
			}
			all.Wait()
			records := float64(requests * size)
			rates = append(rates, records/time.Since(begin).Seconds())
			costs = append(costs, float64((cpu(t, w)-before).Nanoseconds())/1e3/records)
			w.stop()
		}
		fmt.Fprintf(&table, "| %d | %s | %.0f | %.2f |\n", row.connections, row.failures, median(rates), median(costs))
	}
	fmt.Println(table.String())
}

// batch is a request with ordinary records of one node, of which one in every is a failure of an
// integration; 0 = none is.
func batch(node, from, size, every int) []byte {
	logs := plog.NewLogs()
	r := logs.ResourceLogs().AppendEmpty()
	r.Resource().Attributes().PutStr("host.name", fmt.Sprintf("jira-node-%d", node))
	s := r.ScopeLogs().AppendEmpty()
	for i := range size {
		l := s.LogRecords().AppendEmpty()
		l.Attributes().PutStr("log.file.path", "/var/atlassian/application-data/jira/log/atlassian-jira.log")
		at := testkit.Begin.Add(time.Duration(from+i) * time.Millisecond)
		if every > 0 && (from+i)%every == every-1 {
			l.Body().SetStr(testkit.Failure(at, testkit.FlowID(node), testkit.BadSecret))
		} else {
			l.Body().SetStr(testkit.OrdinaryAt(at))
		}
	}
	body, _ := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	return body
}

func median(all []float64) float64 {
	slices.SortFunc(all, cmp.Compare[float64])
	return all[len(all)/2]
}
