#!/bin/sh
# Installs Pointsman's program from a release: downloads the archive for this machine, compares its checksum, and unpacks it.
#   curl --proto '=https' --tlsv1.2 -LsSf https://github.com/@REPOSITORY@/releases/download/v@VERSION@/install.sh | sh
# PREFIX is where to ($HOME/.local); POINTSMAN_RELEASES another place that has the files, also a file:// one.
set -eu

version=@VERSION@
releases=${POINTSMAN_RELEASES:-https://github.com/@REPOSITORY@/releases/download/v$version}
prefix=${PREFIX:-$HOME/.local}

fail() {
    echo "pointsman: $1" >&2
    exit 1
}

target() {
    case $(uname -m) in
        x86_64 | amd64) cpu=x86_64 ;;
        aarch64 | arm64) cpu=aarch64 ;;
        *) fail "there is no build for $(uname -m); build it with cargo (docs/deployment.md)" ;;
    esac
    case $(uname -s) in
        Linux) echo "$cpu-unknown-linux-$(libc)" ;;
        Darwin) echo "$cpu-apple-darwin" ;;
        *) fail "there is no build for $(uname -s); there are builds for Linux and macOS" ;;
    esac
}

# The program for glibc asks for 2.35; the other one runs everywhere.
libc() {
    found=$(getconf GNU_LIBC_VERSION 2> /dev/null | cut -d ' ' -f 2) || found=
    case $found in
        2.3[5-9] | 2.[4-9][0-9] | [3-9].*) echo gnu ;;
        *) echo musl ;;
    esac
}

download() {
    if command -v curl > /dev/null; then
        curl --proto '=https,file' --fail --location --silent --show-error --output "$2" "$1"
    elif command -v wget > /dev/null; then
        wget --quiet --output-document "$2" "$1"
    else
        fail "neither curl nor wget is installed"
    fi
}

checksum() {
    if command -v sha256sum > /dev/null; then sha256sum "$1"; else shasum --algorithm 256 "$1"; fi | cut -d ' ' -f 1
}

main() {
    name=pointsman-$version-$(target)
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    download "$releases/$name.tar.gz" "$folder/$name.tar.gz" || fail "$releases/$name.tar.gz cannot be downloaded"
    download "$releases/$name.tar.gz.sha256" "$folder/sha256" || fail "$releases/$name.tar.gz.sha256 cannot be downloaded"
    if [ "$(checksum "$folder/$name.tar.gz")" != "$(cut -d ' ' -f 1 "$folder/sha256")" ]; then
        fail "the archive is not the one that was released: its checksum differs; nothing was installed"
    fi
    tar -xzf "$folder/$name.tar.gz" -C "$folder"
    mkdir -p "$prefix/bin" || fail "$prefix cannot be written to; set PREFIX"
    cp -R "$folder/$name/." "$prefix/" || fail "$prefix cannot be written to; set PREFIX"
    echo "$("$prefix/bin/pointsman" --version) is in $prefix/bin"
    case :$PATH: in
        *":$prefix/bin:"*) ;;
        *) echo "add $prefix/bin to your PATH" ;;
    esac
}

main
