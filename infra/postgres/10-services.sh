#!/usr/bin/env bash
# One database for each service, with two roles: the owner migrates, the app role reads and writes
# rows and nothing else. PgBouncer drops timeouts sent at connection start, so they are the role's.
# Run again, it makes what a new service needs and leaves the others alone. The exporter's role reads
# the server's statistics and no row of a service.
set -euo pipefail

psql=(psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --no-psqlrc --quiet)

if [ "$("${psql[@]}" --dbname postgres -Atc "SELECT 1 FROM pg_roles WHERE rolname = 'monitoring'")" != 1 ]; then
  "${psql[@]}" --dbname postgres -v password="$(cat /run/secrets/postgres/monitoring)" <<'SQL'
CREATE ROLE monitoring LOGIN CONNECTION LIMIT 5 PASSWORD :'password';
GRANT pg_monitor TO monitoring;
ALTER ROLE monitoring SET statement_timeout = '3s';
SQL
fi

while read -r service owner_password app_password; do
  if "${psql[@]}" --dbname "$service" -c '' 2>/dev/null; then continue; fi
  "${psql[@]}" --dbname postgres \
    -v service="$service" -v owner="${service}_owner" -v app="${service}_app" \
    -v owner_password="$owner_password" -v app_password="$app_password" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE DATABASE :"service" OWNER :"owner";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"app";
ALTER ROLE :"app" SET statement_timeout = '10s';
ALTER ROLE :"app" SET lock_timeout = '3s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE :"owner" SET lock_timeout = '10s';
SQL
  "${psql[@]}" --dbname "$service" -v owner="${service}_owner" -v app="${service}_app" <<'SQL'
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO :"app";
SQL
done </run/secrets/postgres/roles
