#!/usr/bin/env bash
# Tries what a release is made with, as far as that goes without one: lints the workflows (actionlint), renders and lints the Helm
# chart (helm), both ways, and holds it against deploy/kubernetes and deploy/kubernetes-postgres, installs a stand-in for the program by the installer, reads the formula
# and the list of crates. Wants Go and Node.js; compiles both tools once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
tools=$CARGO_TARGET_DIR/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
step() { echo "== $*"; }

tool() {
    local name=$1 module=$2
    [[ -x $tools/$name ]] && return
    command -v go > /dev/null || fail "go is not installed; $name is built with it"
    GOBIN=$tools go install "$module"
}

step "workflows"
tool actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
"$tools/actionlint" -no-color

step "chart"
tool helm helm.sh/helm/v3/cmd/helm@v3.19.0
chart=deploy/helm/pointsman
secrets=(--set secret.otlpTokens='shop a-token-of-sixteen' --set secret.pagesTokens='team a-token-of-sixteen'
    --set secret.metricsTokens='prometheus a-token-of-sixteen' --set secret.metricsToken=a-token-of-sixteen --set secret.hashSecret=a-secret-of-sixteen)
database=postgres://pointsman@database.example:5432/pointsman
"$tools/helm" lint --strict --quiet "$chart" "${secrets[@]}"
# Built like this, helm does not know a newer Kubernetes by itself.
render() { "$tools/helm" template "$@" --kube-version 1.37.0; }
! render pointsman "$chart" > /dev/null 2> "$work/refused" || fail "the chart is rendered without any token"
grep --quiet 'secret.otlpTokens: set it' "$work/refused" || fail "the chart does not say which token is missing: $(cat "$work/refused")"
render pointsman "$chart" --namespace pointsman "${secrets[@]}" --set serviceMonitor.enabled=true > "$work/chart.yaml"
render shop "$chart" --set existingSecret=ours --set networkPolicy.enabled=false --set persistence.storageClass=fast > "$work/other.yaml"
! grep --quiet -E '^kind: (Secret|NetworkPolicy|ServiceMonitor)$' "$work/other.yaml" || fail "what is switched off is rendered"
grep --quiet 'secretName: ours' "$work/other.yaml" || fail "the Secret of one's own is not used"
! render pointsman "$chart" "${secrets[@]}" --set database.url="$database" > /dev/null 2> "$work/refused" || fail "the chart connects without a password"
grep --quiet 'secret.databasePassword: set it' "$work/refused" || fail "the chart does not say that the password is missing: $(cat "$work/refused")"
render pointsman "$chart" --namespace pointsman "${secrets[@]}" --set database.url="$database" --set secret.databasePassword=a-password > "$work/postgres.yaml"
CHART=$work/chart.yaml CHART_POSTGRES=$work/postgres.yaml cargo test --workspace --all-features --locked --test deploy -- --ignored chart

step "archive, installer, formula"
cat > "$work/pointsman" << 'EOF_PROGRAM'
#!/bin/sh
case $1 in
    --version) echo "pointsman 0.1.0" ;;
    man) mkdir -p "$3" && echo manual > "$3/pointsman.1" ;;
    *) echo "$@" ;;
esac
EOF_PROGRAM
chmod 755 "$work/pointsman"
for target in {x86_64,aarch64}-{unknown-linux-gnu,unknown-linux-musl,apple-darwin}; do
    DIST=$work/release deploy/release-archive.sh "$work/pointsman" "$target" > /dev/null
done
deploy/release-files.sh owner/name "$work/release" > /dev/null
! grep --recursive '@[A-Z]*@' "$work/release/install.sh" "$work/release/pointsman.rb" || fail "a mark is left over"
PREFIX=$work/here POINTSMAN_RELEASES=file://$work/release sh "$work/release/install.sh" | tee "$work/said"
grep --quiet "pointsman 0.1.0 is in $work/here/bin" "$work/said" || fail "the installer does not say what it did"
[[ $("$work/here/bin/pointsman" hello) == hello && -f $work/here/share/man/man1/pointsman.1 ]] || fail "the installer did not install all of it"
for archive in "$work"/release/*.tar.gz; do printf 'x' >> "$archive"; done
! PREFIX=$work/there POINTSMAN_RELEASES=file://$work/release sh "$work/release/install.sh" 2> "$work/refused" || fail "a changed archive is installed"
grep --quiet 'its checksum differs; nothing was installed' "$work/refused" && [[ ! -e $work/there/bin ]] || fail "a changed archive: $(cat "$work/refused")"
! command -v ruby > /dev/null || ruby -c "$work/release/pointsman.rb"
[[ $(grep --count 'sha256 "[0-9a-f]\{64\}"' "$work/release/pointsman.rb") == 4 ]] || fail "the formula lacks a checksum"

step "list of crates"
node deploy/sbom.mjs x86_64-unknown-linux-gnu > "$work/sbom.json"
node -e '
  const { components, metadata, dependencies } = JSON.parse(require("fs").readFileSync(process.argv[1]))
  const names = new Set(components.map(({ name }) => name))
  const missing = ["tokio", "rustls", "libsqlite3-sys", "pointsman-store"].filter((name) => !names.has(name))
  const strangers = ["proptest", "syn", "insta"].filter((name) => names.has(name))
  const unknown = dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !components.some((one) => one["bom-ref"] === ref))
  if (missing.length || strangers.length || unknown.length || metadata.component.name !== "pointsman") throw new Error(JSON.stringify({ missing, strangers, unknown }))
  console.log(`${components.length} crates`)' "$work/sbom.json"
