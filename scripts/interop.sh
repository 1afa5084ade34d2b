#!/usr/bin/env bash
# Programs that nobody here wrote read a log of ours: the note verifier of golang.org/x/mod and the
# fsck of Tessera; then the auditor's own program, which shares no code with the writer.
# usage: scripts/interop.sh [records], default 1000000. Needs Go; opens no connection but to the Go
# module proxy, for modules that are not on the machine yet.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
records="${1:-${RECORDS:-1000000}}"
bin="${CARGO_TARGET_DIR:-$root/target}/release"
deedbook="$bin/deedbook" scenario="$bin/scenario" verify="$bin/deedbook-verify"

refuse() { printf 'interop: %s\n' "$*" >&2; exit 2; }
[[ "$records" =~ ^[1-9][0-9]*$ ]] || refuse "records is \`$records\`, a number from 1 is allowed"
command -v go > /dev/null || refuse "go is not on the PATH: Debian has it in golang-go"
for program in "$deedbook" "$scenario"; do
  [[ -x "$program" ]] || refuse "$program is missing: run \`make interop\`, which builds it"
done

work="$(mktemp -d "${TMPDIR:-/tmp}/deedbook-interop.XXXXXX")"
trap 'rm -rf "$work"' EXIT
# Nothing below runs for ever: each step has at least a minute, and a second per 2,000 records.
limit=$((60 + records / 2000))
step() { printf '== %s\n' "$1" >&2; shift; timeout --signal=INT --kill-after=10 "$limit" "$@"; }

[[ -x "$verify" ]] || (cd "$root" && "${CARGO:-cargo}" build --locked --release -p verify)
# The build may have to fetch modules, which takes its own time.
(cd "$root/interop/go" && timeout 600 go build -o "$work/interop" .)

step "write $records records" "$scenario" --records "$records" --out "$work/logs" > "$work/totals.json"
inputs=()
for folder in "$work"/logs/*/; do
  if [[ -d "$folder" ]]; then inputs+=("$folder"); fi
done
[[ ${#inputs[@]} -gt 0 ]] || refuse "scenario wrote no folder of logs"
export DEEDBOOK_DATA="$work/data"
step "seal them" "$deedbook" ingest --init "${inputs[@]}" -o json > "$work/report.json"
"$deedbook" key show > "$work/log.vkey"
folder="$(echo "$work"/data/logs/*)"
cp "$folder/log/checkpoint" "$work/kept"

step "golang.org/x/mod/sumdb/note and Tessera fsck" "$work/interop" "$folder" "$work/log.vkey" | tee "$work/go.txt"
step "deedbook-verify" "$verify" log "$folder" --key "$work/log.vkey" --checkpoint "$work/kept" \
  --lake "$work/data/lake" | tee "$work/verify.txt"

leaves="$(sed -n 2p "$work/kept")"
(("$leaves" >= records)) || refuse "the log has $leaves leaves for $records records"
for accepted in "sumdb/note: accepted, $leaves" "tessera fsck: accepted, $leaves"; do
  grep -q "^$accepted leaves" "$work/go.txt" || { echo "interop: no line \`$accepted\`" >&2; exit 1; }
done
grep -q "^INTACT: $leaves leaves" "$work/verify.txt" || { echo "interop: deedbook-verify saw another size" >&2; exit 1; }
echo "interop: $leaves leaves of $records records, accepted by sumdb/note, Tessera fsck and deedbook-verify"
