#!/usr/bin/env bash
# Makes what a release has besides the archives, from the archives: deploy/release-files.sh OWNER/NAME FOLDER
# FOLDER holds pointsman-VERSION-TARGET.tar.gz with their .sha256; install.sh and pointsman.rb (Homebrew) are put there.
set -euo pipefail
repository=$1
folder=$(cd "$2" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

sed -e "s|@REPOSITORY@|$repository|g" -e "s|@VERSION@|$version|g" deploy/install.sh > "$folder/install.sh"
chmod 755 "$folder/install.sh"

block() {
    local indent=$1 target=$2 sum
    sum=$(cut -d ' ' -f 1 "$folder/pointsman-$version-$target.tar.gz.sha256")
    printf '%surl "https://github.com/%s/releases/download/v%s/pointsman-%s-%s.tar.gz"\n' "$indent" "$repository" "$version" "$version" "$target"
    printf '%ssha256 "%s"\n' "$indent" "$sum"
}

formula() {
    cat << EOF_HEAD
# Homebrew's formula, made by deploy/release-files.sh of $repository.
class Pointsman < Formula
  desc "Production telemetry advisor for Next.js"
  homepage "https://github.com/$repository"
  version "$version"
  license any_of: ["Apache-2.0", "MIT"]

EOF_HEAD
    local os cpu
    for os in macos linux; do
        echo "  on_$os do"
        for cpu in arm intel; do
            echo "    on_$cpu do"
            case $os-$cpu in
                macos-arm) block "      " aarch64-apple-darwin ;;
                macos-intel) block "      " x86_64-apple-darwin ;;
                linux-arm) block "      " aarch64-unknown-linux-musl ;;
                linux-intel) block "      " x86_64-unknown-linux-musl ;;
            esac
            echo "    end"
        done
        echo "  end"
        echo
    done
    cat << 'EOF_TAIL'
  def install
    prefix.install Dir["*"]
  end

  service do
    run [opt_bin/"pointsman", "serve", "--db", var/"pointsman/pointsman.db"]
    keep_alive true
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/pointsman --version")
  end
end
EOF_TAIL
}

formula > "$folder/pointsman.rb"
echo "$folder/install.sh $folder/pointsman.rb"
