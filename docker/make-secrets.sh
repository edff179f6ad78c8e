#!/bin/sh
# Writes the secrets that docker-compose.yml hands out as files; keeps those that exist.
set -eu
umask 077
cd "$(dirname "$0")/.."
mkdir -p secrets docker/credentials
for name in clusters webhooks models; do
  mkdir -p -m 0755 "docker/credentials/$name"
done

# What the environment says, else what stands in .env, which compose reads too.
setting() {
  eval "value=\${$1:-}"
  [ -n "$value" ] || [ ! -f .env ] || value=$(sed -n "s/^$1=//p" .env | tail -n 1 | tr -d "\"'")
  printf '%s' "$value"
}

# Letters and digits only, because they stand in URLs.
generate() { [ -s "secrets/$1" ] || LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"secrets/$1"; }
for name in secret_key privacy_key postgres_password owner_password app_password \
  sequencer_password signer_password mlflow_password valkey_password metrics_token; do
  generate "$name"
done
[ -s secrets/mlflow_webhook_key ] \
  || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >secrets/mlflow_webhook_key

# The key that signs the audit log, in the form PRIVATE+KEY+name+hash+base64(1 || seed); its name is the log's.
name=$(setting LOG_ORIGIN)
if [ -z "$name" ]; then
  host=$(setting GATEHOUSE_HOST)
  name="${host:-localhost}/gatehouse"
fi
if [ ! -s secrets/signer_key ]; then
  openssl genpkey -algorithm ed25519 -outform DER -out secrets/.signer.der
  id=$({ printf '%s\n\001' "$name"; openssl pkey -inform DER -in secrets/.signer.der -pubout -outform DER | tail -c 32; } \
    | openssl dgst -sha256 -r | cut -c 1-8)
  seed=$({ printf '\001'; tail -c 32 secrets/.signer.der; } | openssl base64 -A)
  printf 'PRIVATE+KEY+%s+%s+%s\n' "$name" "$id" "$seed" >secrets/signer_key
  rm secrets/.signer.der
elif [ "$(cut -d + -f 3 secrets/signer_key | head -n 1)" != "$name" ]; then
  echo "gatehouse: secrets/signer_key is the key of another log than $name. Set GATEHOUSE_HOST or LOG_ORIGIN" >&2
  echo "as before; or remove the key, if the portal has never run with it." >&2
  exit 1
fi

# By a new file each: those of an earlier time can be read only.
write() { cat >secrets/.new && mv -f secrets/.new "secrets/$1"; }
database() { printf 'postgresql://gatehouse_%s:%s@postgres:5432/gatehouse' "$1" "$(cat "secrets/$1_password")"; }
database app | write database_url
database owner | write database_owner_url
database sequencer | write database_sequencer_url
database signer | write database_signer_url
printf 'redis://:%s@valkey:6379/0' "$(cat secrets/valkey_password)" | write redis_url
printf 'redis://:%s@valkey:6379/1' "$(cat secrets/valkey_password)" | write cache_url
# The containers run as user 10001 and compose mounts these files as they are; on this machine nobody else
# gets as far as the files.
chmod 0444 secrets/*
chmod 0700 secrets
echo "gatehouse: the secrets are in secrets/. Start with:  docker compose up --build"
