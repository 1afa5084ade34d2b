#!/usr/bin/env bash
# The demo: an incident as native logs, from ingest to a proof that a stranger checks offline.
set -euo pipefail
work="$1"
bin="${CARGO_TARGET_DIR:-target}/debug"
deedbook="$bin/deedbook" verify="$bin/deedbook-verify" scenario="$bin/scenario"
rm -rf "$work"
mkdir -p "$work"
export DEEDBOOK_DATA="$work/data"
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "1. The logs of a company, as its platforms write them: CloudTrail objects, Kubernetes and Vault audit files"
"$scenario" --incident --out "$work/logs" > "$work/totals.json"
find "$work/logs" -type f | sed "s|$work/||" | sort | head -n 12

say "2. Ingest: every record is sealed before anything reads it"
run "$deedbook" ingest --init "$work/logs/cloudtrail" "$work/logs/kubernetes" "$work/logs/vault"
"$deedbook" key show > "$work/deedbook.vkey"
cp "$DEEDBOOK_DATA"/logs/*/log/checkpoint "$work/kept.checkpoint"

say "3. Ask: who touched the payroll exports, and what was refused?"
run "$deedbook" events --resource '*payroll*' --limit 12
run "$deedbook" sql "SELECT platform, access, count(*) AS events, count(*) FILTER (WHERE status_id = 2) AS refused FROM events GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 8"

event="$("$deedbook" events --resource '*payroll-exports/2026-11.csv*' -o ndjson | sed -n 's/.*"event_id":"\([^"]*\)".*/\1/p' | head -n 1)"
say "4. One event, and where each value came from"
run "$deedbook" show "$event"

say "5. Prove it: a separate small program checks the proof without this machine's help"
run "$deedbook" prove "$event" -o "$work/event.tlog-proof" --record "$work/record.json"
run "$verify" proof "$work/event.tlog-proof" --record "$work/record.json" --key "$work/deedbook.vkey"

say "6. The whole log is intact, and agrees with the checkpoint that was kept elsewhere"
run "$deedbook" verify --checkpoint "$work/kept.checkpoint"

say "7. Somebody alters one bit of the evidence ..."
file="$(ls "$DEEDBOOK_DATA"/logs/*/evidence/*.parquet | head -n 1)"
cp "$file" "$work/untouched.parquet"
at=$(($(stat -c %s "$file") / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
printf "$(printf '\\%03o' $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
printf '   bit 0 of byte %s of %s\n' "$at" "${file##*/}"
if run "$deedbook" verify; then echo "the change went unseen: that is a bug"; exit 1; else say "   ... and verify names it (exit code $?)"; fi
cp "$work/untouched.parquet" "$file"

say "8. Put back, the log is intact again"
run "$deedbook" verify --checkpoint "$work/kept.checkpoint"
say "Everything is in $work. Look around: $deedbook --data $DEEDBOOK_DATA events --help"
