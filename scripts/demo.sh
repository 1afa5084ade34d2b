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

say "1. The logs of a company on the day of an incident, as its platforms write them"
"$scenario" --incident --out "$work/logs" > "$work/totals.json"
find "$work/logs" -type f ! -name '*.ndjson' | sed "s|$work/||" | sort | head -n 12

say "2. Ingest: every record is sealed before anything reads it"
folders=(); for folder in "$work"/logs/*/; do folders+=("$folder"); done
run "$deedbook" ingest --init "${folders[@]}"
"$deedbook" key show > "$work/deedbook.vkey"
cp "$DEEDBOOK_DATA"/logs/*/log/checkpoint "$work/kept.checkpoint"

say "3. Who took the payroll export? The key, who minted it, who held it, for whom, and by whose leave"
export_read="$("$deedbook" events --resource '*payroll-exports/2026-11.csv*' --credential ASIAHALDENEXPORT007F -o ndjson | sed -n 's/.*"event_id":"\([^"]*\)".*/\1/p' | head -n 1)"
run "$deedbook" who "$export_read"

say "4. What else did that workload touch and mint, as of eleven that day; what is alive, what to revoke?"
run "$deedbook" blast-radius spiffe://prod.example/ns/billing/sa/agent --until 2026-11-02T11:00:00Z

say "5. The grants of the day: every use that was not as it should be"
run "$deedbook" jit report
run "$deedbook" jit prove JIT-417

say "6. One event, and where each value came from"
event="$export_read"
run "$deedbook" show "$event"

say "7. Prove it: a separate small program checks the proof without this machine's help"
run "$deedbook" prove "$event" -o "$work/event.tlog-proof" --record "$work/record.json"
run "$verify" proof "$work/event.tlog-proof" --record "$work/record.json" --key "$work/deedbook.vkey"

say "8. The whole log is intact, and agrees with the checkpoint that was kept elsewhere"
run "$deedbook" verify --checkpoint "$work/kept.checkpoint"

say "9. Somebody alters one bit of the evidence ..."
file="$(ls "$DEEDBOOK_DATA"/logs/*/evidence/*.parquet | head -n 1)"
cp "$file" "$work/untouched.parquet"
at=$(($(stat -c %s "$file") / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
printf "$(printf '\\%03o' $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
printf '   bit 0 of byte %s of %s\n' "$at" "${file##*/}"
if run "$deedbook" verify; then echo "the change went unseen: that is a bug"; exit 1; else say "   ... and verify names it (exit code $?)"; fi
cp "$work/untouched.parquet" "$file"

say "10. Put back, the log is intact again"
run "$deedbook" verify --checkpoint "$work/kept.checkpoint"
say "Everything is in $work. Look around: $deedbook --data $DEEDBOOK_DATA events --help"
