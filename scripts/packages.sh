#!/usr/bin/env bash
# The .deb and .rpm, into dist/. The same commit makes the same bytes, on any
# machine and in any directory. VERSION, ARCH, MAINTAINER and another TARGET directory
# can be given; where there is no git, VERSION and SOURCE_DATE_EPOCH have to be.
set -euo pipefail
cd "$(dirname "$0")/.."

# The last tag v1.2.3 as 1.2.3, later commits as 1.2.3+4.gCOMMIT. Without a tag
# 0.0.0~gitDATE.COMMIT: older than any release, and in the order of time.
version() {
	local tag commits
	if tag=$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null); then
		commits=$(git rev-list --count "$tag..HEAD")
		tag=${tag#v}
		echo -n "${tag/-/\~}" # 1.2.3-rc1 comes before 1.2.3
		[ "$commits" = 0 ] || echo -n "+$commits.g$(git rev-parse --short=9 HEAD)"
	else
		echo -n "0.0.0~git$(TZ=UTC git show -s --date=format-local:%Y%m%d%H%M%S --format=%cd).$(git rev-parse --short=9 HEAD)"
	fi
	[ -z "$(git status --porcelain --untracked-files=no)" ] || echo -n "+dirty"
}

# Of everything that is linked into the program.
licences() {
	echo "jira-oauth-watcher is a program in Go. What is linked into it comes under these"
	echo "licences; its own is in the file LICENSE of its source, where there is one."
	[ ! -f LICENSE ] || { printf '\n\n== jira-oauth-watcher\n\n'; cat LICENSE; }
	printf '\n\n== The Go standard library\n\n'
	cat "$(go env GOROOT)/LICENSE"
	go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/watcher | sort -u |
		while read -r path release dir; do
			printf '\n\n== %s %s\n\n' "$path" "$release"
			find "$dir" -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' | sort | xargs -d '\n' cat
		done
}

export MAINTAINER=${MAINTAINER:-jira-oauth-watcher maintainers <maintainers@jira-oauth-watcher.invalid>}
export ARCH=${ARCH:-$(go env GOARCH)}
export VERSION=${VERSION:-$(version)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
target=${TARGET:-dist}
[ "$target" != dist ] || rm -f dist/*.deb dist/*.rpm
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
stage=dist/stage
rm -rf $stage
mkdir -p $stage/man

export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
GOARCH=$ARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION -X main.revision=$revision" \
	-o $stage/jira-oauth-watcher ./cmd/watcher
go build -o $stage/native/jira-oauth-watcher ./cmd/watcher # runs here, whatever ARCH is
for shell in bash fish zsh; do
	$stage/native/jira-oauth-watcher completion $shell >$stage/completion.$shell
done
go run -tags man ./cmd/watcher $stage/man
gzip -9n $stage/man/*
licences >$stage/copyright
cat >$stage/changelog.yaml <<END
- semver: "$VERSION-1"
  date: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  packager: "$MAINTAINER"
  deb: {urgency: medium, distributions: [unstable]}
  changes:
    - note: "Built from commit $revision."
END
for packager in deb rpm; do
	go tool -modfile=packaging/tools/go.mod nfpm package --config packaging/nfpm.yaml --packager $packager --target "$target/"
done
