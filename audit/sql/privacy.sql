-- Keys of personal data: they are wrapped anew or destroyed, and never come back.

CREATE FUNCTION audit_guard_subject_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.subject <> OLD.subject OR NEW.made_at <> OLD.made_at OR OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'The key of % was destroyed, or is another''s; it does not come back.', OLD.subject
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_subjectkey_never_comes_back BEFORE UPDATE ON audit_subjectkey
    FOR EACH ROW EXECUTE FUNCTION audit_guard_subject_key();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_never_comes_back;
CREATE TRIGGER audit_subjectkey_stays BEFORE DELETE OR TRUNCATE ON audit_subjectkey
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_stays;

-- What the roles may do with them; called here and by roles.sql.
CREATE FUNCTION audit_protect_privacy() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_subjectkey FROM gatehouse_app;
        GRANT SELECT, INSERT, UPDATE (wrapped, destroyed_at) ON public.audit_subjectkey TO gatehouse_app;
    END IF;
END
$$;
SELECT audit_protect_privacy();
