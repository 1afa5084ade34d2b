#!/usr/bin/env bash
# The clients that people have, from PyPI and Debian, send to a real `deedbook serve`. Opens no connection beyond this
# machine but to the index of PyPI, for packages that are not there yet.
# usage: scripts/interop-serve.sh [arguments of pytest]. DEEDBOOK and DEEDBOOK_VERIFY name other binaries than the release's.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
export DEEDBOOK="${DEEDBOOK:-$target/release/deedbook}" DEEDBOOK_VERIFY="${DEEDBOOK_VERIFY:-$target/release/deedbook-verify}"

refuse() { printf 'interop-serve: %s\n' "$*" >&2; exit 2; }
for program in "$DEEDBOOK" "$DEEDBOOK_VERIFY"; do
  [[ -x "$program" ]] || refuse "$program is missing: run \`make interop\`, which builds it"
done
venv="$target/interop-venv" wanted="$root/interop/serve/requirements.txt"
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  python3 -m venv "$venv" || refuse "no virtual environment: Debian has it in python3-venv"
  timeout 900 "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi
# A broker, where Maven and Java are there to fetch and run it.
if command -v mvn > /dev/null && command -v java > /dev/null; then
  KAFKA_LIBS="$(timeout 600 "$root/scripts/kafka.sh" "$target/interop-kafka")"
  export KAFKA_LIBS
fi
# A directory, where Debian's packages are.
if command -v apt-get > /dev/null && command -v dpkg > /dev/null; then
  SLAPD="$(timeout 300 "$root/scripts/slapd.sh" "$target/interop-slapd")"
  export SLAPD
fi
cd "$root"
# A client that waits for ever is a finding, not a reason to wait along.
exec timeout --signal=INT --kill-after=30 1800 "$venv/bin/python" -m pytest -q -p no:cacheprovider interop/serve "$@"
