#!/bin/sh
# Writes the secrets that docker-compose.yml hands out as files; keeps those that exist.
set -eu
umask 077
cd "$(dirname "$0")/.."
mkdir -p secrets

# Letters and digits only, because they stand in URLs.
generate() { [ -s "secrets/$1" ] || LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"secrets/$1"; }
for name in secret_key postgres_password owner_password app_password sequencer_password \
  mlflow_password valkey_password; do
  generate "$name"
done
[ -s secrets/mlflow_webhook_key ] \
  || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >secrets/mlflow_webhook_key

database() { printf 'postgresql://gatehouse_%s:%s@postgres:5432/gatehouse' "$1" "$(cat "secrets/$1_password")"; }
database app >secrets/database_url
database owner >secrets/database_owner_url
printf 'redis://:%s@valkey:6379/0' "$(cat secrets/valkey_password)" >secrets/redis_url
printf 'redis://:%s@valkey:6379/1' "$(cat secrets/valkey_password)" >secrets/cache_url
# The containers run as user 10001 and compose mounts these files as they are.
chmod 0444 secrets/*
chmod 0711 secrets
echo "gatehouse: the secrets are in secrets/. Start with:  docker compose up --build"
