#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are missing. With --paths it prints shell assignments of
# the places where they were found.
set -euo pipefail
cd "$(dirname "$0")/.."

postgres_bin() {
  local candidate
  candidate=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
  if [ -z "$candidate" ] && command -v pg_ctl >/dev/null 2>&1; then
    candidate=$(dirname "$(readlink -f "$(command -v pg_ctl)")")
  fi
  if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then echo "$candidate"; fi
}

if [ "${1:-}" = "--paths" ]; then
  echo "export TEST_POSTGRES_BIN=$(printf %q "$(postgres_bin)")"
  echo "export CHROMIUM_BIN=$(printf %q "${CHROMIUM_BIN:-$(command -v chromium || command -v chromium-browser || true)}")"
  exit 0
fi

packages=()
command -v curl >/dev/null 2>&1 || packages+=(curl ca-certificates)
command -v cc >/dev/null 2>&1 || packages+=(build-essential)
command -v mkfs.ext4 >/dev/null 2>&1 || packages+=(e2fsprogs)
command -v losetup >/dev/null 2>&1 || packages+=(mount)
command -v runuser >/dev/null 2>&1 || packages+=(util-linux)
command -v chromium >/dev/null 2>&1 || packages+=(chromium)
[ -n "$(postgres_bin)" ] || packages+=(postgresql)
if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}"
  apt=(apt-get)
  [ "$(id -u)" -eq 0 ] || apt=(sudo apt-get)
  "${apt[@]}" update -qq
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
.ci/need cargo cc node npm
[ -n "$(postgres_bin)" ] || { echo "Postgres' server binaries were not found" >&2; exit 1; }
