#!/usr/bin/env bash
# Performs the Dockerfile's steps without an engine, on the binary that was built, and checks what the image promises: it runs
# as an ordinary user, keeps its data in one directory, gets ready, answers the health check and stops in good order.
# Also reads the compose files and the proxy's settings, as far as that goes without an engine.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${PLINTH_BIN:-target/debug/plinth}

for copied in sdk/typescript admin-ui; do
  grep -q "^COPY $copied $copied" docker/Dockerfile
  [ -f "$copied/package-lock.json" ] || { echo "$copied has no lock file to install from" >&2; exit 1; }
done
grep -q 'COPY --from=server /src/target/release/plinth /usr/local/bin/plinth' docker/Dockerfile

image=$(mktemp -d /tmp/plinth-image-XXXXXX)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
install -D -m 755 "$binary" "$image/usr/local/bin/plinth"
install -d -m 755 "$image/data"
as=()
if [ "$(id -u)" -eq 0 ]; then
  chown nobody "$image/data"
  chmod 755 "$image"
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
stop() { kill "$server" 2>/dev/null || true; rm -rf "$image"; }
trap stop EXIT

# ENV and CMD of the Dockerfile, with an address of this machine in the place of the container's.
(cd / && exec "${as[@]}" env -i PATH="$PATH" PLINTH_DATA_DIR="$image/data" PLINTH_SERVER_LISTEN="127.0.0.1:$port" \
  "$image/usr/local/bin/plinth" serve) >"$image/log" 2>&1 &
server=$!

# HEALTHCHECK of the Dockerfile, on that port.
check=$(node -e '
  const line = require("fs").readFileSync("docker/Dockerfile", "utf8").split("\n").find((l) => l.startsWith("HEALTHCHECK"));
  console.log(JSON.parse(line.slice(line.indexOf("[")))[2].replace("8080", process.argv[1]));' "$port")
for _ in $(seq 150); do
  if bash -c "$check" 2>/dev/null; then healthy=yes; break; fi
  sleep 0.1
done
[ "${healthy:-}" = yes ] || { cat "$image/log" >&2; echo "the health check never passed" >&2; exit 1; }
[ -f "$image/data/plinth.db" ] || ls "$image/data" | grep -q . || { echo "no data was written to /data" >&2; exit 1; }
grep -q 'setup#token=' "$image/log" || { cat "$image/log" >&2; echo "no set-up link in the log" >&2; exit 1; }
kill -TERM "$server"
wait "$server" || { cat "$image/log" >&2; echo "it did not stop in good order" >&2; exit 1; }

for file in docker/compose.yaml docker/compose.postgres.yaml; do
  for setting in $(grep -oP 'PLINTH_[A-Z_]+(?=:)' "$file" | sort -u); do
    [ "$setting" = PLINTH_DB_PASSWORD ] && continue
    case "$setting" in
      PLINTH_SERVER_TRUSTED_PROXIES) value=172.16.0.0/12 ;;
      PLINTH_DATABASE_URL) value=postgres://plinth@127.0.0.1:1/plinth ;;
      *) value=http://127.0.0.1:8080 ;;
    esac
    out=$(env -i PATH="$PATH" "$setting=$value" "$binary" check --data "$image/none" 2>&1 || true)
    if ! grep -q 'configuration: good' <<<"$out"; then echo "$file: $setting: $out" >&2; exit 1; fi
  done
done
if docker compose version >/dev/null 2>&1; then
  docker compose -f docker/compose.yaml config -q
  PLINTH_DB_PASSWORD=x docker compose -f docker/compose.postgres.yaml config -q
fi
echo "the container's steps pass"
