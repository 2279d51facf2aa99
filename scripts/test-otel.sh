#!/usr/bin/env bash
# A real OpenTelemetry Collector with the processor of otel/, the real watcher, and the example
# configurations of packaging/plugins, on loopback; and what the processor costs the collector, as
# a table. The builder and the collector's modules come from the module proxy. The first build
# of the collector takes two minutes of CPU time, so this is no part of make test-all.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/.*cmd\/builder@\(v[0-9.]*\)$/\1/p' otel/builder.yaml)
mkdir -p dist
(cd otel && go run "go.opentelemetry.io/collector/cmd/builder@$version" --config builder.yaml)
gofmt -w dist/otelcol-jira # make lint reads all files
CGO_ENABLED=0 go build -o dist/otel-watcher ./cmd/watcher
go run ./tools/jiralog -size 64MiB >dist/otel-cost.log
trap 'rm -f dist/otel-cost.log dist/otel-watcher' EXIT

export OTELCOL=$PWD/dist/otelcol-jira/otelcol-jira WATCHER=$PWD/dist/otel-watcher COST_LOG=$PWD/dist/otel-cost.log
go -C otel test -count=1 -tags collector -v -timeout 15m .
