#!/usr/bin/env bash
# Builds the image of deploy/docker/Dockerfile and runs it as its users do: read-only, without root, without a capability. No
# registry of containers is asked: the two base images are made of Debian's packages and of this machine's Rust, and imported
# under the names that the Dockerfile has. Wants root, Debian's mmdebstrap, buildah, podman, runc and zstd, and Rust by rustup.
#   deploy/try-in-container.sh            PROFILE=demo compiles in a third of the time; PREBUILT=PROGRAM does not compile at all,
#                                         but puts this one where cargo would put its own: to work on this script
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
profile=${PROFILE:-release}
work=${CARGO_TARGET_DIR:-$PWD/target}/container
image=localhost/pointsman:try
name=pointsman-try-$$
mkdir -p "$work"

for tool in mmdebstrap buildah podman runc zstd curl rustc; do
    command -v "$tool" > /dev/null || { echo "$tool is not installed: apt-get install mmdebstrap buildah podman runc netavark aardvark-dns zstd curl" >&2; exit 1; }
done
# Storage of its own: nothing of this machine's images is touched.
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
# runc, because crun 1.8 refuses machines with both kinds of cgroups; limits that any machine has, because podman asks for more than
# a root without CAP_SYS_RESOURCE may have.
podman() { command podman --runtime runc "${storage[@]}" "$@"; }
limits=(--ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
buildah() { command buildah "${storage[@]}" "$@"; }
trap 'podman rm --force --time 2 "$name" > /dev/null 2>&1 || true; podman volume rm --force "$name" > /dev/null 2>&1 || true' EXIT

step() { echo "== $* ($SECONDS s)"; }
fail() { echo "FAILED: $*" >&2; podman logs "$name" >&2 || true; exit 1; }

# What the Dockerfile builds on.
bases() { sed -n 's/^FROM \([^ ]*\).*/\1/p' deploy/docker/Dockerfile; }

# Debian with a C compiler, and the Rust of this machine where the image of Rust has its own.
compiler() {
    local root=$work/compiler toolchain
    toolchain=$(rustc --print sysroot)
    rm -rf "$root"
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,gcc,libc6-dev bookworm "$root"
    mkdir -p "$root/usr/local/rust" "$root/usr/local/cargo"
    cp -a "$toolchain/bin" "$toolchain/lib" "$root/usr/local/rust/"
    if [[ -n ${PREBUILT:-} ]]; then
        install -D --mode=755 "$PREBUILT" "$root/prebuilt/pointsman"
        printf '#!/bin/sh\nmkdir -p "target/%s" && cp /prebuilt/pointsman "target/%s/"\n' "$profile" "$profile" > "$root/usr/local/rust/bin/cargo"
    fi
    # Whoever signs the connections of this machine also signs those of the build.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    tar --create --directory "$root" . | podman import --quiet --change 'ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV CARGO_HOME=/usr/local/cargo' - "$1" > /dev/null
    rm -rf "$root"
}

# What distroless/cc holds: files of a few packages, unpacked and not installed; the user 65532; no shell.
runtime() {
    local root=$work/runtime debs=$work/debs
    rm -rf "$root" "$debs"
    mkdir -p "$root" "$debs"
    (cd "$debs" && apt-get --quiet=2 download base-files libc6 libgcc-s1 libstdc++6 ca-certificates tzdata netbase)
    for deb in "$debs"/*.deb; do dpkg-deb --extract "$deb" "$root"; done
    mkdir -p "$root/etc/ssl/certs" "$root/home/nonroot" "$root/tmp"
    chmod 1777 "$root/tmp"
    cat "$root"/usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"
    printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > "$root/etc/passwd"
    printf 'root:x:0:\nnonroot:x:65532:\n' > "$root/etc/group"
    tar --create --directory "$root" . | podman import --quiet --change 'USER 65532' - "$1" > /dev/null
    rm -rf "$root" "$debs"
}

for base in $(bases); do
    case $base in
        rust:*) full=docker.io/library/$base make=compiler ;;
        *distroless*) full=$base make=runtime ;;
        *) fail "no base is known under the name $base" ;;
    esac
    # One without a compiler serves one run only.
    [[ $make != compiler || -z ${PREBUILT:-} ]] || podman image rm --force "$full" > /dev/null 2>&1 || true
    if ! podman image exists "$full"; then
        step "make $base"
        $make "$full"
    fi
done

step "build the image, profile $profile"
buildah build --quiet --format docker --isolation chroot --pull-never --network host --build-arg "PROFILE=$profile" \
    --ignorefile deploy/docker/Dockerfile.dockerignore --file deploy/docker/Dockerfile --tag "$image" .

[[ -z ${PREBUILT:-} ]] || podman image rm --force "docker.io/library/$(bases | head -1)" > /dev/null 2>&1 || true

step "run it: read-only, no capability, nobody's user"
tokens=$(printf 'try %s' "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')")
podman run --detach --name "$name" "${limits[@]}" --read-only --cap-drop all --security-opt no-new-privileges --memory 1g --volume "$name:/var/lib/pointsman" \
    --env "POINTSMAN_PAGES_TOKENS=$tokens" --env "POINTSMAN_OTLP_TOKENS=$tokens" \
    --publish 127.0.0.1::4318 --publish 127.0.0.1::4400 "$image" > /dev/null
otlp=$(podman port "$name" 4318/tcp | head -1)
pages=$(podman port "$name" 4400/tcp | head -1)
for _ in $(seq 120); do
    curl --silent --fail "http://$pages/healthz" > /dev/null && break
    sleep 0.5
done
curl --silent --fail "http://$pages/healthz" > /dev/null || fail "it does not answer on $pages"

step "what it is, and what it cannot do"
[[ $(podman top "$name" huser | tail -1) != root ]] || fail "it runs as root"
[[ $(podman top "$name" user | tail -1) == nonroot ]] || fail "it runs as $(podman top "$name" user | tail -1)"
[[ $(podman top "$name" capeff | tail -1) == none ]] || fail "it has capabilities: $(podman top "$name" capeff)"
! podman exec "$name" sh -c true 2> /dev/null || fail "there is a shell"
pid=$(podman inspect --format '{{.State.Pid}}' "$name")
[[ $(awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo") == ro* ]] || fail "its root file system can be written to"
! podman exec "$name" /usr/local/bin/pointsman backup --db /var/lib/pointsman/pointsman.db /anywhere.db > /dev/null 2>&1 || fail "it writes beside its volume"
podman healthcheck run "$name" > /dev/null || fail "its own health check fails"
[[ $(curl --silent --output /dev/null --write-out '%{http_code}' "http://$pages/") == 401 ]] || fail "the pages ask for no token"

step "send it OTLP, read its report"
token=${tokens#try }
zstd --decompress --stdout fixtures/next-16.4.jsonl.zst > "$work/recording"
while IFS= read -r request; do
    code=$(curl --silent --output /dev/null --write-out '%{http_code}' --header "authorization: Bearer $token" \
        --header 'content-type: application/json' --data-binary @- "http://$otlp/v1/traces" <<< "$request")
    [[ $code == 200 ]] || fail "OTLP is answered $code"
done < "$work/recording"
report=
for _ in $(seq 60); do
    report=$(podman exec "$name" /usr/local/bin/pointsman report --db /var/lib/pointsman/pointsman.db --until last || true)
    grep --quiet '/api/' <<< "$report" && break
    sleep 1
done
grep --quiet '/api/' <<< "$report" || fail "its report names no handler: $report"
head -12 <<< "$report"

step "stop it"
podman stop --time 30 "$name" > /dev/null
[[ $(podman inspect --format '{{.State.ExitCode}}' "$name") == 0 ]] || fail "it ended with $(podman inspect --format '{{.State.ExitCode}}' "$name")"
step "the image holds $(podman image inspect --format '{{.Size}}' "$image") bytes and did all of it"
