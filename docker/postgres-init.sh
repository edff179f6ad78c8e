#!/bin/sh
# Run once by the postgres image, on an empty data directory: our roles, their passwords, databases.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --command 'CREATE DATABASE gatehouse'
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname gatehouse \
  --file /gatehouse/roles.sql \
  --command 'ALTER DATABASE gatehouse OWNER TO gatehouse_owner'
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --command 'CREATE ROLE mlflow LOGIN' --command 'CREATE DATABASE mlflow OWNER mlflow'
for role in gatehouse_owner gatehouse_app gatehouse_sequencer gatehouse_signer mlflow; do
  # psql quotes the value; it is on no command line and in no log.
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet <<SQL
\\set password \`cat /run/secrets/${role#gatehouse_}_password\`
ALTER ROLE $role PASSWORD :'password';
SQL
done
