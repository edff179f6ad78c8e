#!/bin/sh
# Writes the secrets that docker-compose.yml hands out as files; keeps those that exist.
set -eu
umask 077
cd "$(dirname "$0")/.."
mkdir -p secrets

# Letters and digits only, because they stand in URLs.
generate() { [ -s "secrets/$1" ] || LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"secrets/$1"; }
for name in secret_key privacy_key postgres_password owner_password app_password \
  sequencer_password signer_password mlflow_password valkey_password; do
  generate "$name"
done
[ -s secrets/mlflow_webhook_key ] \
  || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >secrets/mlflow_webhook_key

# The key that signs the audit log, in the form PRIVATE+KEY+name+hash+base64(1 || seed); its name is the log's.
if [ ! -s secrets/signer_key ]; then
  name="${LOG_ORIGIN:-${GATEHOUSE_HOST:-localhost}/gatehouse}"
  openssl genpkey -algorithm ed25519 -outform DER -out secrets/.signer.der
  id=$({ printf '%s\n\001' "$name"; openssl pkey -inform DER -in secrets/.signer.der -pubout -outform DER | tail -c 32; } \
    | openssl dgst -sha256 -r | cut -c 1-8)
  seed=$({ printf '\001'; tail -c 32 secrets/.signer.der; } | openssl base64 -A)
  printf 'PRIVATE+KEY+%s+%s+%s\n' "$name" "$id" "$seed" >secrets/signer_key
  rm secrets/.signer.der
fi

database() { printf 'postgresql://gatehouse_%s:%s@postgres:5432/gatehouse' "$1" "$(cat "secrets/$1_password")"; }
database app >secrets/database_url
database owner >secrets/database_owner_url
database sequencer >secrets/database_sequencer_url
database signer >secrets/database_signer_url
printf 'redis://:%s@valkey:6379/0' "$(cat secrets/valkey_password)" >secrets/redis_url
printf 'redis://:%s@valkey:6379/1' "$(cat secrets/valkey_password)" >secrets/cache_url
# The containers run as user 10001 and compose mounts these files as they are.
chmod 0444 secrets/*
chmod 0711 secrets
echo "gatehouse: the secrets are in secrets/. Start with:  docker compose up --build"
