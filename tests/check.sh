#!/usr/bin/env bash
# Formatting, lints, documentation and types. With --rust only those of the Rust code.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
if [ "${1:-}" != "--rust" ]; then
  (cd sdk/typescript && npm ci --no-audit --no-fund --silent && npm run --silent check && npm run --silent build)
  (cd admin-ui && npm ci --no-audit --no-fund --silent && npm run --silent check)
fi
