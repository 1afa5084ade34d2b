#!/usr/bin/env bash
# Prints where the bench of the truth is in a target folder: cargo names its file after what it was built from, and
# of several the newest is the one built last.
set -euo pipefail
found="$(find "$1/release/deps" -maxdepth 1 -name 'truth-*' -executable -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)"
[[ -n "$found" ]] || { echo "no bench of the truth in $1: run \`make truth\` or \`make bench\`, which build it" >&2; exit 2; }
echo "$found"
