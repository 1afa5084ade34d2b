#!/usr/bin/env bash
# Kills the real binary at random moments of an ingest, again and again, and looks for what was lost:
# after each kill the log must verify, and in the end every record must be there exactly once.
set -euo pipefail
rounds="${1:-200}"
bin="${CARGO_TARGET_DIR:-target}/release"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
seed="${SEED:-$RANDOM}"
RANDOM=$seed
echo "seed $seed, $rounds rounds"
"$bin/scenario" --out "$work/logs" --records "${RECORDS:-200000}" --seed "$seed" > "$work/totals.json"
records="$(sed -n 's/.*"records":\([0-9]*\).*/\1/p' "$work/totals.json")"
export DEEDBOOK_DATA="$work/data"
"$bin/deedbook" init > /dev/null
killed=0
for round in $(seq "$rounds"); do
  "$bin/deedbook" ingest "$work"/logs/*/ > "$work/out" 2> "$work/err" &
  pid=$!
  sleep "0.$(printf '%03d' $((RANDOM % 700)))"
  if kill -9 "$pid" 2> /dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2> /dev/null || true
  if grep -q panicked "$work/err"; then cat "$work/err"; exit 1; fi
  if [ $((round % 20)) -eq 0 ]; then
    "$bin/deedbook" verify > "$work/verify" || { cat "$work/verify"; exit 1; }
    echo "round $round: killed $killed times, intact"
  fi
done
"$bin/deedbook" ingest "$work"/logs/*/ -o json
"$bin/deedbook" verify
sealed="$("$bin/deedbook" sql -o csv 'SELECT count(*) FROM records' | tail -n 1)"
if [ "$sealed" != "$records" ]; then echo "$sealed records are sealed, $records were written"; exit 1; fi
echo "killed $killed times: $sealed records, each sealed exactly once"
