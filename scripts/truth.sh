#!/usr/bin/env bash
# Writes a scenario, seals it with the release programs, and holds the answers against what is true.
# usage: scripts/truth.sh [records] [--shuffle 6h] [--double 20] [--without vault], default 1000000
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
records="${1:-1000000}"
shift || true
target="${CARGO_TARGET_DIR:-$root/target}"
truth="$("$root/scripts/truth-program.sh" "$target")"
"$target/release/xtask" truth --records "$records" --work "$target/truth" --truth "$truth" "$@"
