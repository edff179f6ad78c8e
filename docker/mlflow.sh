#!/bin/sh
# The MLflow server on PostgreSQL, with its secrets from files.
set -eu
password=$(cat /run/secrets/mlflow_password)
# Without a key that stays, MLflow cannot read its own webhooks after a restart.
MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=$(cat /run/secrets/mlflow_webhook_key)
export MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY
# The address goes by the environment, so that the password is not in the process table.
MLFLOW_BACKEND_STORE_URI="postgresql+psycopg://mlflow:${password}@postgres:5432/mlflow"
export MLFLOW_BACKEND_STORE_URI
mkdir -p /var/lib/mlflow/artifacts "${TMPDIR:-/tmp}"
# Earlier versions kept the files of experiments one level higher.
for experiment in /var/lib/mlflow/[0-9]*; do
  [ ! -d "$experiment" ] || mv "$experiment" /var/lib/mlflow/artifacts/
done
exec mlflow server --host 0.0.0.0 --port 5000 --workers 1 \
  --artifacts-destination /var/lib/mlflow/artifacts --serve-artifacts
