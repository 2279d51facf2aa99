# Everything a developer does, by name. Needs Go, git and make.

.PHONY: build test lint bench fuzz torture compare

build:
	CGO_ENABLED=0 go build -buildvcs=true -trimpath -ldflags='-s -w' -o dist/jira-oauth-watcher ./cmd/watcher

# All tests with the race detector, the program's own once more without it
# (memory is measured there), and each fuzz target for some seconds.
test:
	scripts/deps.sh
	scripts/test.sh

# Each fuzz target for FUZZTIME (default 3s).
fuzz:
	scripts/fuzz.sh

lint:
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go mod tidy -diff
	go vet ./...
	go tool staticcheck ./...

# Figures, not verdicts: quote medians of several runs. The last one needs 16 GiB
# of disk and some minutes, and writes docs/performance.md.
bench:
	go test -run '^$$' -bench . -benchmem ./internal/event ./internal/seek ./matchers ./tailer
	go test -run '^$$' -bench WriteToRequest -benchtime 500x ./cmd/watcher
	go test -run '^$$' -bench Follow -benchtime 5x ./cmd/watcher
	go run ./internal/scanbench

# The reader of logs against real writers and rotations, for some minutes; the
# table of docs/reliability.md.
torture:
	scripts/deps.sh
	go run ./internal/torture -markdown dist/torture.md

# The reader beside grep, ripgrep and log shippers, each where it is installed.
compare:
	go run ./internal/torture -compare
