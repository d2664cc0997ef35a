#!/usr/bin/env bash
# Runs the commands of docs/deployment.md, as they stand there, on a fresh Debian 12 that is booted with its own systemd:
#   deploy/try-on-debian.sh ARCHIVE.tar.gz
# Needs root and Debian's mmdebstrap and systemd-container. The machine has no network but its own loopback, so the packages
# that the document installs are there before (`apt-get install` then finds nothing to do). Every block marked as `sh` is run, in order,
# in one shell, except those below a line `<!-- not run: reason -->`. How it went is printed; the end is that of the commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

archive=${1:?which release archive? make release-archive makes one}
document=docs/deployment.md
suite=${SUITE:-bookworm}
patience_s=${PATIENCE_S:-300}
[[ $(id -u) == 0 ]] || { echo "only root may boot a machine; run it as root" >&2; exit 1; }
for tool in mmdebstrap systemd-nspawn; do
    command -v "$tool" > /dev/null || { echo "$tool is not installed: apt-get install mmdebstrap systemd-container" >&2; exit 1; }
done

work=$(mktemp -d /var/tmp/pointsman-on-debian.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
machine=$work/machine

steps() {
    awk '
        /^<!-- not run: / { why = $0; sub(/^<!-- not run: /, "", why); sub(/ -->$/, "", why) }
        /^```sh$/ && why == "" { inside = 1; next }
        /^```sh$/ { print "echo \"-- left out: " why "\""; why = ""; next }
        /^```$/ { inside = 0 }
        /^#/ && !inside { heading = $0; gsub(/["`$\\]/, "", heading); print "echo \"-- " heading "\"" }
        inside { print }
    ' "$document"
}

packages() {
    sed -n 's/^apt-get install --yes //p' "$document" | tr ' ' ','
}

echo "== a fresh Debian ($suite)"
mmdebstrap --quiet --variant=minbase --include="systemd,systemd-sysv,dbus,procps,$(packages)" "$suite" "$machine"

mkdir "$machine/root/try"
cp "$archive" "$archive.sha256" "$machine/root/try/"
{ echo 'set -euo pipefail; exec 2>&1; set -v'; steps; } > "$machine/root/try/steps"
cat > "$machine/etc/systemd/system/try.service" << 'EOF'
[Unit]
Description=The commands of docs/deployment.md
[Service]
Type=exec
WorkingDirectory=/root/try
Environment=HOME=/root
ExecStart=/bin/bash -c 'bash steps > said; echo $? > ended; journalctl --unit pointsman --no-pager --output cat > log; systemctl --no-block poweroff'
[Install]
WantedBy=multi-user.target
EOF
systemctl --quiet --root="$machine" enable try.service

echo "== its commands"
timeout "$patience_s" systemd-nspawn --quiet --directory="$machine" --boot --private-network --register=no --keep-unit \
    --machine="pointsman-try-$$" < /dev/null > "$work/console" 2>&1 || true
sed '/^echo "-- /d' "$machine/root/try/said"
ended=$(cat "$machine/root/try/ended" 2> /dev/null || echo "after ${patience_s} s without an end")
if [[ $ended != 0 ]]; then
    echo "== the daemon's log"
    cat "$machine/root/try/log" 2> /dev/null || tail -n 30 "$work/console"
    echo "== failed: $ended" >&2
    exit 1
fi
echo "== every command ended well"
