#!/usr/bin/env bash
# The documents of a package or an archive, into the directory that is given: the pages and
# their pictures in one directory, what can be copied in examples/. Relative links are changed
# to match; a link to a file that is for developers becomes plain text.
set -euo pipefail
umask 022
mkdir -p "${1:?usage: scripts/docs.sh DIRECTORY}/examples"
to=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

cp README.md CHANGELOG.md SECURITY.md docs/*.* notify/alert.schema.json "$to"
rm "$to/releasing.md"
cp -r packaging/{alertmanager,docker,grafana,kubernetes,plugins,prometheus,templates} packaging/{config.toml,slack-app.yaml} "$to/examples"
sed -i -E \
	-e 's#\[([^]]*)\]\((\.\./)?(LICENSE|otel/README\.md|(ARCHITECTURE|CONTRIBUTING|(docs/)?releasing)\.md)[^)]*\)#\1#g' \
	-e 's#\[(`?)docs/#[\1#g; s#\[(`?)packaging/#[\1examples/#g' \
	-e 's#(\]\(|=")(\.\./)?docs/#\1#g' \
	-e 's#(\]\(|=")(\.\./)?packaging/#\1examples/#g' \
	-e 's#(\]\(|=")(\.\./)?notify/alert\.schema\.json#\1alert.schema.json#g' \
	-e 's#(\]\(|=")\.\./(README|CHANGELOG|SECURITY)\.md#\1\2.md#g' \
	-e 's#\[([^]]*)\]\(\.\./[^)]*\)#\1#g' \
	"$to"/*.md
chmod -R u=rwX,go=rX "$to"
