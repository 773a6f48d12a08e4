#!/usr/bin/env bash
# Runs a command with PLINTH_URL, PLINTH_ADMIN_EMAIL and PLINTH_ADMIN_PASSWORD of a server on an empty database: SQLite, or
# the Postgres that DATABASE_URL names. PLINTH_BIN names the server; else it is the debug build.
#   tests/with-server.sh COMMAND [ARGUMENT]…
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
binary=${PLINTH_BIN:-$root/target/debug/plinth}
directory=$(mktemp -d /tmp/plinth-server-XXXXXX)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
database=(--data "$directory/data")
[ -z "${DATABASE_URL:-}" ] || database+=(--database-url "$DATABASE_URL")
(
  for name in $(compgen -v PLINTH_ || true); do unset "$name"; done
  export PLINTH_ADMIN_EMAIL=admin@example.com PLINTH_ADMIN_PASSWORD="a password of the tests"
  cd "$directory"
  exec "$binary" serve "${database[@]}" --listen "127.0.0.1:$port"
) >"$directory/log" 2>&1 &
server=$!
cleanup() {
  code=$?
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  [ "$code" -eq 0 ] || tail -n 40 "$directory/log" >&2
  rm -rf "$directory"
}
trap cleanup EXIT
for _ in $(seq 200); do
  if curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then ready=yes; break; fi
  kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
  sleep 0.1
done
[ "${ready:-}" = yes ] || { echo "the server did not get ready" >&2; exit 1; }
PLINTH_URL=http://127.0.0.1:$port PLINTH_ADMIN_EMAIL=admin@example.com PLINTH_ADMIN_PASSWORD="a password of the tests" "$@"
