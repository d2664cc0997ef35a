#!/usr/bin/env bash
# Makes target/dist/pointsman-VERSION-TARGET.tar.gz with its .sha256 beside it, of a daemon that is built already:
#   deploy/release-archive.sh [PATH OF THE DAEMON [TARGET]]
# What is in it is told by members() below and by the daemon itself, which writes its completions and manual pages. The same
# inputs give the same bytes: names are sorted, owners are numbers, and times are SOURCE_DATE_EPOCH, else the last commit's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C TZ=UTC
umask 022

target_dir=${CARGO_TARGET_DIR:-target}
daemon=${1:-$target_dir/release/pointsman}
dist=${DIST:-$target_dir/dist}
[[ -x $daemon ]] || { echo "there is no daemon $daemon; make release builds it" >&2; exit 1; }
version=$("$daemon" --version | cut -d ' ' -f 2)
target=${2:-$(rustc -vV | sed -n 's/^host: //p')}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
name=pointsman-$version-$target

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/$name

# The folders are those of /usr/local, so that `cp --recursive` installs all of it.
members() {
    install -D --mode 755 "$daemon" "$root/bin/pointsman"
    local completions=share/bash-completion/completions/pointsman
    complete bash "$completions"
    complete zsh share/zsh/site-functions/_pointsman
    complete fish share/fish/vendor_completions.d/pointsman.fish
    "$daemon" man --out "$root/share/man/man1"
    put lib/systemd/system deploy/systemd/pointsman.service
    install -D --mode 644 deploy/systemd/pointsman.sysusers.conf "$root/lib/sysusers.d/pointsman.conf"
    local examples=share/doc/pointsman/examples
    put $examples deploy/systemd/pointsman.toml
    put $examples deploy/systemd/pointsman.service.d/tokens.conf
    put $examples/otel-collector deploy/otel-collector/config.yaml
    put $examples/prometheus dashboards/pointsman.rules.yml
    put $examples/grafana dashboards/*.json
    install -D --mode 644 deploy/grafana/provisioning/dashboards/pointsman.yaml "$root/$examples/grafana/provisioning.yaml"
    put share/doc/pointsman README.md CHANGELOG.md SECURITY.md LICENSE-APACHE LICENSE-MIT
    put share/doc/pointsman/docs docs/*.md docs/*.json
    put share/doc/pointsman/docs/images docs/images/*
    put share/doc/pointsman/docs/rules docs/rules/*.md
}

complete() {
    mkdir -p "$root/$(dirname "$2")"
    "$daemon" completions "$1" > "$root/$2"
}

put() {
    local folder=$root/$1
    shift
    install -d "$folder"
    install --mode 644 "$@" "$folder"
}

members
mkdir -p "$dist"
archive=$dist/$name.tar.gz
tar --create --sort=name --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
    --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw --directory="$stage" "$name" \
    | gzip --no-name --best > "$archive"
(cd "$dist" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "$archive"
