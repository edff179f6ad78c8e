-- The index of words is drawn by the database: whoever fills it cannot make it say anything else, and takes
-- nothing out of it.

CREATE FUNCTION audit_draw_words() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT audit_words_of(e.stream, e.uid, e.leaf_hash, e.facts) INTO NEW.words
    FROM public.audit_event e WHERE e.id = NEW.event_id;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_words_are_drawn_here BEFORE INSERT ON audit_words
    FOR EACH ROW EXECUTE FUNCTION audit_draw_words();
ALTER TABLE audit_words ENABLE ALWAYS TRIGGER audit_words_are_drawn_here;

-- What the roles may do with it; called here and by roles.sql.
CREATE FUNCTION audit_protect_words() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_words FROM gatehouse_app;
        GRANT SELECT, INSERT ON public.audit_words TO gatehouse_app;
    END IF;
END
$$;
SELECT audit_protect_words();
