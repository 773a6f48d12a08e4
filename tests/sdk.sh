#!/usr/bin/env bash
# The TypeScript client against a running server, on SQLite and on Postgres.
set -euo pipefail
cd "$(dirname "$0")/../sdk/typescript"
echo "on SQLite"
../../tests/with-server.sh npm run --silent test:integration
echo "on Postgres"
../../tests/with-postgres.sh ../../tests/with-server.sh npm run --silent test:integration
