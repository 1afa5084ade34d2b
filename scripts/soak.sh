#!/usr/bin/env bash
# All receivers at once against the real server, which is killed again and again: is anything missing that it acknowledged?
# usage: scripts/soak.sh [seconds] [seed], default 600 and a random one. As root its disk is full once. Needs python3.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
export DEEDBOOK="${DEEDBOOK:-${CARGO_TARGET_DIR:-$root/target}/release/deedbook}"
[[ -x "$DEEDBOOK" ]] || { echo "soak: $DEEDBOOK is missing: run \`make soak\`, which builds it" >&2; exit 2; }
cd "$root/interop/soak"
python3 -B -m unittest -q test_book
exec python3 -B soak.py --seconds "${1:-600}" ${2:+--seed "$2"}
