-- Entries that the sequencer kept out of the tree: it adds them, and nobody takes one back.

CREATE TRIGGER audit_refusedentry_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_refusedentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_refusedentry ENABLE ALWAYS TRIGGER audit_refusedentry_refuses_change;

-- What the roles may do with them; called here and by roles.sql.
CREATE FUNCTION audit_protect_refused() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_refusedentry FROM gatehouse_app;
        GRANT SELECT ON public.audit_refusedentry TO gatehouse_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_sequencer') THEN
        GRANT SELECT, INSERT ON public.audit_refusedentry TO gatehouse_sequencer;
    END IF;
END
$$;
SELECT audit_protect_refused();
