-- Names and texts beside the log go with an event that says so, or not at all.

CREATE FUNCTION audit_require_removal_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Ours is among the newest: others that remove something at this moment are few.
    IF NOT EXISTS (
        SELECT FROM (
            (SELECT xid FROM public.audit_event WHERE type = 'audit.pruned' ORDER BY id DESC LIMIT 20)
            UNION ALL
            (SELECT xid FROM public.audit_event WHERE type = 'audit.erased' ORDER BY id DESC LIMIT 20)
        ) AS newest
        WHERE xid = pg_current_xact_id()
    ) THEN
        RAISE EXCEPTION 'Names and texts beside event % were removed without an erasure or a pruning.', OLD.event_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER audit_disclosure_goes_with_an_event AFTER DELETE ON audit_disclosure
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_require_removal_event();
ALTER TABLE audit_disclosure ENABLE ALWAYS TRIGGER audit_disclosure_goes_with_an_event;

CREATE FUNCTION audit_require_erasure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.audit_event
        WHERE type = 'audit.erased' AND facts #>> '{data,subject_id}' = NEW.subject
    ) THEN
        RAISE EXCEPTION 'The key of % was destroyed, and the log does not say that they were erased.', NEW.subject
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER audit_subjectkey_goes_with_an_erasure
    AFTER INSERT OR UPDATE OF wrapped, destroyed_at ON audit_subjectkey
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.destroyed_at IS NOT NULL)
    EXECUTE FUNCTION audit_require_erasure();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_goes_with_an_erasure;
