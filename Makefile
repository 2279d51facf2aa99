# Everything a developer does, by name. Needs Go, git and make.

.PHONY: build build-all packages packages-check test test-all test-system test-windows test-otel lint vet-all bench fuzz torture compare

build:
	CGO_ENABLED=0 go build -buildvcs=true -trimpath -ldflags='-s -w' -o dist/jira-oauth-watcher ./cmd/watcher

# The program for every system that it runs on, into dist/, and a vet of what is for
# Windows and macOS. The service is Linux's; docs/windows.md says what works elsewhere.
build-all: vet-all
	scripts/build-all.sh

# The .deb and the .rpm, into dist/. ARCH=arm64 and the like for another machine.
packages:
	scripts/packages.sh

.PHONY: release
# All files of a release, into dist/, from a commit with a version tag: docs/releasing.md.
release:
	scripts/release.sh

# lintian is content, both packages hold the same, and two builds of a release are the same
# bytes: some minutes.
packages-check:
	scripts/deps.sh all
	WATCHER_SYSTEM=1 WATCHER_RELEASE=1 go test -tags system -count=1 -timeout 40m -v -run 'Lintian|SameFiles|Reproducible|Refuses' ./tools/systemtest

# The packages in Debian 12 and 13, booted with their own systemd: installed,
# hung, killed and upgraded under load, removed, purged. Root only; five minutes,
# and half a minute more for the first run, which makes the images.
test-system:
	scripts/deps.sh all
	WATCHER_SYSTEM=1 go test -tags system -count=1 -timeout 20m -v ./tools/systemtest

# The Windows program and the tests of the portable packages in Debian 13's Wine: ten minutes.
test-windows:
	scripts/deps.sh all
	WATCHER_SYSTEM=1 WATCHER_WINDOWS=1 go test -tags system -count=1 -timeout 40m -v -run Windows ./tools/systemtest

# One test of every promise, with the race detector where goroutines meet: a few
# minutes.
test:
	scripts/deps.sh
	scripts/test.sh

# What a release needs: every test at full length, races where goroutines meet, fuzzing,
# torture, browsers, Alertmanagers, Prometheus, booted Debian.
test-all:
	scripts/deps.sh all
	scripts/test.sh all

# The OpenTelemetry Collector's processor in a real collector that sends to the real watcher, and
# what it costs, as a table. Three minutes; the first run builds the collector.
test-otel:
	scripts/test-otel.sh

# Each fuzz target for FUZZTIME (default 5s; 1m before a release).
fuzz:
	scripts/fuzz.sh

# The packages and their tests as Windows and macOS compile them, but for the tools.
vet-all:
	for system in windows darwin; do GOOS=$$system go vet $$(go list ./... | grep -v /tools/) || exit 1; done

lint: vet-all
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go mod tidy -diff
	go vet ./...
	go vet -tags man ./cmd/watcher
	go vet -tags system ./tools/systemtest
	go -C tools/release mod tidy -diff
	go -C tools/release vet ./...
	go -C otel mod tidy -diff
	go -C otel vet ./...
	go -C otel vet -tags collector ./...
	go tool staticcheck ./...
	cd otel && "$$(cd .. && go tool -n staticcheck)" -tags collector ./...
	go tool staticcheck -tags system ./tools/systemtest
	go test -count=1 -run OldCauses -v ./matchers

# Figures, not verdicts: quote medians of several runs. The last one needs 16 GiB
# of disk and some minutes, and writes docs/performance.md.
bench:
	go test -run '^$$' -bench . -benchmem ./internal/event ./internal/seek ./matchers ./tailer
	go test -run '^$$' -bench WriteToRequest -benchtime 500x ./cmd/watcher
	go test -run '^$$' -bench Follow -benchtime 5x ./cmd/watcher
	go run ./tools/scanbench

# The reader of logs against real writers and rotations, for some minutes; the
# table of docs/reliability.md.
torture:
	scripts/deps.sh all
	go run ./tools/torture -markdown dist/torture.md

# The reader and the program against grep, ripgrep, log shippers and a bare loop, each where it is
# installed: half an hour. BEFORE=binary compares with another build of the program too.
compare:
	go run ./tools/torture -compare $(if $(BEFORE),-before $(BEFORE))
