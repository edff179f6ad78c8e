-- The database roles of Gatehouse. Run by a superuser, connected to the portal's database; safe to repeat.
--   gatehouse_owner      owns the schema and runs the migrations
--   gatehouse_app        web and workers: may insert events and read them, never change them
--   gatehouse_sequencer  puts committed events into the tree
--   gatehouse_signer     reads the tree and the entries, and keeps the checkpoints that it signed
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['gatehouse_owner', 'gatehouse_app', 'gatehouse_sequencer', 'gatehouse_signer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted
            );
        END IF;
    END LOOP;
END
$$;

-- An acknowledged commit is on disk: with `off`, a crash loses events that people were told of.
ALTER ROLE gatehouse_app SET synchronous_commit = on;
ALTER ROLE gatehouse_sequencer SET synchronous_commit = on;
ALTER ROLE gatehouse_signer SET synchronous_commit = on;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO gatehouse_owner;
GRANT USAGE ON SCHEMA public TO gatehouse_app, gatehouse_sequencer, gatehouse_signer;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO gatehouse_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO gatehouse_app;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gatehouse_app;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO gatehouse_app;

-- The grants above name every table; the audit tables give back what nobody may have.
-- (The audit migrations say the same for a new database; this keeps a repeated run harmless.)
DO $$
BEGIN
    IF to_regprocedure('audit_protect()') IS NOT NULL THEN
        PERFORM audit_protect();
    END IF;
    IF to_regprocedure('audit_protect_privacy()') IS NOT NULL THEN
        PERFORM audit_protect_privacy();
    END IF;
    IF to_regprocedure('audit_protect_refused()') IS NOT NULL THEN
        PERFORM audit_protect_refused();
    END IF;
    IF to_regprocedure('audit_protect_words()') IS NOT NULL THEN
        PERFORM audit_protect_words();
    END IF;
END
$$;
