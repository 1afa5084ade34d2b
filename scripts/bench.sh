#!/usr/bin/env bash
# Runs the bench driver on the release programs; builds Tessera's fsck to compare with if Go is there.
# usage: scripts/bench.sh [records] [options of `xtask bench`], default 1000000
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
records="${1:-1000000}"
shift || true
target="${CARGO_TARGET_DIR:-$root/target}"
driver="$target/release/xtask"
[[ -x "$driver" ]] || { echo "bench: $driver is missing: run \`make bench\`, which builds it" >&2; exit 2; }

options=(--records "$records" --work "$target/bench" "$@")
if command -v go > /dev/null; then
  (cd "$root/interop/go" && timeout 600 go build -o "$target/fsck" .)
  options+=(--fsck "$target/fsck")
else
  echo "bench: no go on the PATH, so no comparison with Tessera's fsck (Debian has it in golang-go)" >&2
fi
options+=(--truth "$("$root/scripts/truth-program.sh" "$target")")
"$driver" bench "${options[@]}"
