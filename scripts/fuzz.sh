#!/usr/bin/env bash
# Each fuzz target for FUZZTIME. When the time runs out within a slow input, go
# test fails with "context deadline exceeded" and no failing input: that is no
# finding, and passed over, without the lines that call it a failure.
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cd "$(dirname "$0")/.."
for package in $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		failed=0
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5s}" -fuzzminimizetime 5x "$package" >"$log" 2>&1 || failed=1
		if [ $failed = 1 ] && grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
			grep '^fuzz: ' "$log" || true
			echo "$target: the time ran out within an input, nothing was found"
			continue
		fi
		cat "$log"
		[ $failed = 0 ] || exit 1
	done
done
