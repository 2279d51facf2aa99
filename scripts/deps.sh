#!/usr/bin/env bash
# Installs the Debian packages that tests need where it can; says what is
# missing where it cannot. With CI=true missing means failed.
set -eu

# what must be there | the packages that bring it
needs=(
	"gcc|gcc libc6-dev"                 # the race detector
	"systemd-analyze|systemd"           # checks the unit
	"logrotate|logrotate"               # rotates the logs of the torture test
	"javac|default-jdk-headless"        # writes them, with real log4j
	"/usr/share/java/log4j-1.2.jar|liblog4j1.2-java"
	"/usr/share/java/log4j-core.jar|liblog4j2-java"
	"prometheus-alertmanager|prometheus-alertmanager"
	"amtool|prometheus-alertmanager"    # checks the example of its configuration
	"promtool|prometheus"               # checks metrics, alert rules and dashboard; scrapes
	"chromium|chromium"                 # looks at the status page and at the report of a scan
	"npm|npm"                           # brings axe-core, which looks at it for those who cannot
)

if [ "${WATCHER_SYSTEM:-}" = 1 ]; then
	needs+=(
		"systemd-nspawn|systemd-container" # boots the machines of make test-system
		"mmdebstrap|mmdebstrap"            # makes their images
		"lintian|lintian"                  # looks at the .deb
		"rpm|rpm"                          # and at the .rpm
	)
fi

there() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing() {
	for need in "${needs[@]}"; do
		there "${need%%|*}" || echo "$need"
	done
}

mapfile -t list < <(missing)
[ ${#list[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	wanted=()
	for need in "${list[@]}"; do
		read -ra some <<<"${need##*|}"
		wanted+=("${some[@]}")
	done
	if apt-get update -qq; then
		# Tests start Alertmanagers of their own: the service of a package that is
		# installed here is started neither now nor at the next boot.
		service=prometheus-alertmanager.service fresh=no
		if ! there prometheus-alertmanager && systemctl mask -q $service 2>/dev/null; then
			fresh=yes
		fi
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null || true
		if [ $fresh = yes ]; then
			systemctl unmask -q $service || true
			systemctl disable -q $service 2>/dev/null || true
		fi
	fi
	mapfile -t list < <(missing)
	[ ${#list[@]} -eq 0 ] && exit 0
fi
for need in "${list[@]}"; do
	echo "missing: ${need%%|*} (Debian: apt-get install ${need##*|}); tests that need it are skipped" >&2
done
[ "${CI:-}" = true ] && exit 1
exit 0
