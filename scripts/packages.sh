#!/usr/bin/env bash
# The .deb and .rpm, into dist/. The same commit and the same Go make the same bytes, on any
# machine and in any directory. VERSION, ARCH, MAINTAINER and another TARGET directory
# can be given; without git, VERSION and SOURCE_DATE_EPOCH must be. PLATFORMS="linux/amd64
# darwin/arm64 …" builds the program for all of these, and the packages for those of Linux.
set -euo pipefail
umask 022
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

# The licenses of everything that is linked into the program on some platform.
licenses() {
	echo "jira-oauth-watcher is a program in Go. Its own license comes first, then those of the"
	echo "Go standard library and of the modules that are linked into it."
	printf '\n\n== jira-oauth-watcher\n\n'
	cat LICENSE
	printf '\n\n== The Go standard library\n\n'
	cat "$(go env GOROOT)/LICENSE"
	for platform in $platforms; do
		GOOS=${platform%/*} GOARCH=${platform#*/} go list -deps \
			-f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/watcher
	done | sort -u | while read -r path release dir; do
		printf '\n\n== %s %s\n\n' "$path" "$release"
		find "$dir" -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -path '*/LICENSES/*' \) | sort | xargs -d '\n' cat
	done
}

export MAINTAINER=${MAINTAINER:-the jira-oauth-watcher authors}
platforms=${PLATFORMS:-linux/${ARCH:-$(go env GOARCH)}}
export VERSION=${VERSION:-$(version)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
target=${TARGET:-dist}
[ "$target" != dist ] || rm -f dist/*.deb dist/*.rpm
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
stage=dist/stage
rm -rf $stage
mkdir -p $stage/man $stage/native

# What a machine's settings would change in the program.
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT= GOFIPS140=off
failed=
for platform in $platforms; do
	program=$stage/bin/$platform/jira-oauth-watcher
	tags=
	[ "${platform%/*}" != windows ] || program+=.exe tags=timetzdata # Windows has no time zones to read
	mkdir -p "$stage/bin/$platform"
	GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -tags "$tags" \
		-ldflags="-s -w -X main.release=${VERSION/\~rc/-rc} -X main.revision=$revision" -o "$program" ./cmd/watcher || failed+=" $platform"
done
[ -z "$failed" ] || { echo "the program cannot be built for$failed" >&2; exit 1; }
go build -o $stage/native/jira-oauth-watcher ./cmd/watcher # runs here, whatever the platforms are
for shell in bash fish zsh; do
	$stage/native/jira-oauth-watcher completion $shell >$stage/completion.$shell
done
go run -tags man ./cmd/watcher | go -C tools/release run ./manual ../../docs/configuration.md ../../$stage/man
gzip -9n $stage/man/*
scripts/docs.sh $stage/doc
licenses >$stage/copyright
contact=$MAINTAINER
[[ $contact = *@* ]] || contact+=" <>" # the form that Debian's tools read
cat >$stage/changelog.yaml <<END
- semver: "$VERSION-1"
  date: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  packager: "$contact"
  deb: {urgency: medium, distributions: [unstable]}
  changes:
    - note: "Built from commit $revision."
END
for platform in $platforms; do
	[ "${platform%/*}" = linux ] || continue
	for packager in deb rpm; do
		ARCH=${platform#*/} go tool -modfile=tools/release/go.mod nfpm package --config packaging/nfpm.yaml --packager $packager --target "$target/"
	done
done
