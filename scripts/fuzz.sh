#!/usr/bin/env bash
# Builds the targets of fuzz/ for coverage-guided fuzzing on the stable toolchain and runs them one after
# the other. Arguments: seconds for each, then the targets; without any all of them run.
# The corpus grows from run to run and lies, like what was found, under the target folder.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-60}"
if [ $# -gt 1 ]; then targets=("${@:2}"); else targets=($(cd fuzz/targets && ls | sed 's/\.rs$//')); fi
host="$(rustc -vV | sed -n 's/^host: //p')"
target="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
mkdir -p "$target/artifacts"

# Counters at each edge and a look at each comparison; libFuzzer reads both. `--target` keeps these
# flags away from build scripts, which have nothing to link them to.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4\
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table\
 -Cllvm-args=-sanitizer-coverage-trace-compares"
CARGO_TARGET_DIR="$target" "${CARGO:-cargo}" build --locked --release --manifest-path fuzz/Cargo.toml --target "$host"

# The words of the parsers themselves, which no mutation would guess.
words() {
  printf '"\\xe2\\x80\\x94 "\n"\\x0a\\x0a"\n"\\\\\\\\"\n"\\\\\\""\n'
  find "$@" -name '*.rs' ! -name 'tests.rs' -exec grep -ohE '"[ -!#-Z^-~]{2,40}"' {} + | grep -v '{' | LC_ALL=C sort -u
}
words crates/sources/src > "$target/sources.dict"
# What tokens are made of: 20, 35, 36 and 82 characters, and the first part of a web token.
for length in 20 35 36 82; do
  printf '"%s"\n' "$(printf 'a1B2c3D4e5F6g7H8i9J0%.0s' 1 2 3 4 5 | head -c "$length")"
done >> "$target/sources.dict"
echo '"eyJhbGciOiJIUzI1NiJ9."' >> "$target/sources.dict"
words crates/server/src/receive crates/sources/src/otel > "$target/receive.dict"
words crates/tlog/src crates/model/src > "$target/log.dict"

# Logs that nobody here wrote, where they are at hand.
real="$target/real"
rm -rf "$real" && mkdir -p "$real"
if [ -n "${DEEDBOOK_REAL_LOGS:-}" ]; then
  number=0
  while IFS= read -r -d '' file; do
    number=$((number + 1))
    case "$file" in
      *.gz) gzip -dcq "$file" > "$real/$number" ;;
      *) ln -s "$file" "$real/$number" ;;
    esac
  done < <(find "$(cd "$DEEDBOOK_REAL_LOGS" && pwd)" -type f -size -64k -print0)
  find "$real" -type f -size +64k -delete
  echo "$number real logs are seeds"
fi

found=0
for name in "${targets[@]}"; do
  corpus="$target/corpus/$name"
  mkdir -p "$corpus"
  case "$name" in
    split | normalise | scrub | repair | syslog) seeds=(crates/sources/tests/golden "$real"); dict=sources; bytes=16384 ;;
    mapping) seeds=(crates/sources/tests/golden crates/sources/mappings); dict=sources; bytes=16384 ;;
    otlp | loki | bulk | hooks | scim | tokens) seeds=(); dict=receive; bytes=16384 ;;
    *) seeds=(); dict=log; bytes=4096 ;;
  esac
  if [ -d "fuzz/seeds/$name" ]; then seeds+=("fuzz/seeds/$name"); fi
  log="$target/$name.log"
  if ! "$target/$host/release/$name" -max_total_time="$seconds" -max_len="$bytes" -timeout=20 -rss_limit_mb=2048 \
    -dict="$target/$dict.dict" -artifact_prefix="$target/artifacts/$name-" "$corpus" "${seeds[@]}" 2> "$log"; then
    # Not the values: an input may be a log of somebody.
    grep -A 1 'panicked at' "$log" | cut -c 1-200 || true
    grep 'ERROR: libFuzzer' "$log" || true
    echo "$name: a finding; to see it again:"
    echo "  $target/$host/release/$name $(ls -t "$target/artifacts/$name-"* | head -n 1)"
    found=1
    continue
  fi
  runs="$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")"
  covered="$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1 | sed 's/cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\)/\1 edges, \2 features, \3 inputs kept/')"
  echo "$name: $runs executions in $seconds s, $covered"
done
exit "$found"
