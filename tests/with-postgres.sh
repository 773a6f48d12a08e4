#!/usr/bin/env bash
# Runs a command with DATABASE_URL of a throw-away Postgres, which goes when the command ends.
#   tests/with-postgres.sh COMMAND [ARGUMENT]…
# Nothing of it is durable: tests of lost power have a server of their own. Its own order of texts is that of a
# dictionary, so that a query which forgets to ask for the order of bytes shows.
set -euo pipefail
bin=${TEST_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
directory=$(mktemp -d /tmp/plinth-postgres-XXXXXX)
as=()
if [ "$(id -u)" -eq 0 ]; then
  # Postgres refuses to run as root.
  chown nobody "$directory"
  as=(runuser -u nobody --)
fi
cleanup() {
  "${as[@]}" "$bin/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$directory"
}
trap cleanup EXIT
cd "$directory"
"${as[@]}" "$bin/initdb" --pgdata=data --username=plinth --auth=trust --encoding=UTF8 --locale=C \
  --locale-provider=icu --icu-locale=en --no-sync >"$directory/init.log"
settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$directory -c max_connections=400 \
  -c max_locks_per_transaction=1024 -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 40000))
  if "${as[@]}" "$bin/pg_ctl" -D data -l data/log -w -o "-p $port $settings" start >/dev/null 2>&1; then
    started=yes
    break
  fi
done
[ "${started:-}" = yes ] || { cat "$directory/data/log" >&2; exit 1; }
"$bin/createdb" --host=127.0.0.1 --port="$port" --username=plinth plinth
cd "$OLDPWD"
DATABASE_URL=postgres://plinth@127.0.0.1:$port/plinth "$@"
