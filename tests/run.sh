#!/usr/bin/env bash
# All tests, from a bare machine: installs what is missing, builds, and runs everything on both databases.
# A part whose tool can't be had fails; nothing is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }

# Runs a command for so many minutes at most: a test that hangs fails, and is named, while there is time to say so.
within() {
  local minutes=$1 code=0
  shift
  timeout --kill-after=20 "${minutes}m" "$@" || code=$?
  if [ "$code" -eq 124 ]; then echo "not done within $minutes minutes: $*" >&2; fi
  return "$code"
}

step "tools"
tests/tools.sh
eval "$(tests/tools.sh --paths)"

step "TypeScript client"
(cd sdk/typescript && npm ci --no-audit --no-fund --silent && npm run --silent check && npm run --silent build && npm test)

step "admin panel"
(cd admin-ui && npm ci --no-audit --no-fund --silent && npm run --silent check && npm run --silent build && npm test && npm run --silent size)

step "formatting, lints and documentation of the Rust code"
export PLINTH_REQUIRE_PANEL=1
tests/check.sh --rust

# The whole workspace each time: a part of it alone has its dependencies with other features, and builds them again.
step "build"
cargo build --locked --workspace --all-targets

step "Rust tests: the model, the store, the client, the server's own; a running server, killed and cut off as well"
within 50 cargo test --locked --workspace
unset PLINTH_REQUIRE_PANEL

step "demo data"
(cd tests/demo && npm ci --no-audit --no-fund --silent && within 10 npm test)

step "TypeScript client against the server"
within 10 tests/sdk.sh

step "browser"
(cd tests/browser && npm ci --no-audit --no-fund --silent && within 25 npm test)

step "container steps"
within 5 docker/test-steps.sh

step "done"
