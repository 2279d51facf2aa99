#!/usr/bin/env bash
# The tests. Without an argument what make test runs: every test that is quick,
# and those in which goroutines meet once more with the race detector. With "all"
# what make test-all runs, and what a release needs: every test at full length, with
# the race detector in the packages where goroutines meet, the program's own once
# more without it (memory is measured there), each fuzz target for a while, and the
# packages in booted Debian machines.
#
# -parallel 8: the tests of the program mostly wait for it.
# -count=1: go test does not know that the tests build the program, and would
# believe an older result. gotestsum prints go test's own lines, then how many
# tests were skipped, and why.
set -euo pipefail
cd "$(dirname "$0")/.."

race=-race
if ! command -v gcc >/dev/null; then
	echo "no gcc: the tests run without the race detector" >&2
	race=
fi

# Something is printed at least every 30 seconds, also while one package is slow.
(while sleep 20 >/dev/null 2>&1; do echo "... $SECONDS s"; done) &
trap 'kill $!' EXIT

run() { go tool gotestsum --format standard-quiet -- -count=1 -parallel 8 -timeout 15m "$@"; }

case ${1:-} in
"")
	# Where goroutines meet: in these packages, and in the program under load. The first are
	# wholly about that, and run with the race detector only.
	only='tailer notify notify/alertmanager notify/pagerduty internal/pipeline'
	[ -n "$race" ] || only=
	run -short $(go list ./... | grep -vxF "$(printf 'jira-oauth-watcher/%s\n' $only)")
	[ -z $race ] || run -short $race ./tailer ./notify/... ./internal/pipeline ./internal/scan ./internal/status ./internal/store
	[ -z $race ] || run -short $race -run 'ReloadUnderLoad|HTTPReload|ReceiverDown|TestBot|Rotation' ./cmd/watcher
	;;
all)
	# In the others every value is one goroutine's, and the detector only makes them ten
	# times slower; those that start goroutines all the same (internal/scan, notify/slack)
	# are raced by make test.
	only='cmd/watcher tailer notify notify/alertmanager notify/email notify/pagerduty notify/webhook
		internal/jira internal/pipeline internal/status internal/store tools/simulate tools/torture'
	run $(go list ./... | grep -vxF "$(printf 'jira-oauth-watcher/%s\n' $only)")
	run $race $(printf './%s\n' $only)
	[ -z $race ] || run ./cmd/watcher
	scripts/fuzz.sh
	(cd tools/release && go test -count=1 ./...)
	(cd otel && go test -count=1 ./...)
	make test-system
	;;
*)
	echo "usage: scripts/test.sh [all]" >&2
	exit 2
	;;
esac
