-- One audit entry: composed, stamped and hashed by the database, so that nothing the application
-- says about time, user or number can be trusted more than the database itself.
-- Entry: {"at":…,"body":{…},"db":…,"id":…,"s":…,"seq":…,"v":1}, RFC 8785 canonical JSON, times in
-- microseconds UTC. Leaf hash: SHA-256(0x00 || entry), RFC 6962 section 2.1.

CREATE FUNCTION audit_compose_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    composed text;
BEGIN
    IF NEW.body IS NULL OR NEW.body = '' THEN
        RAISE EXCEPTION 'An audit event needs a body.';
    END IF;
    NEW.facts := NEW.body::jsonb;
    NEW.type := NEW.facts ->> 'type';
    NEW.actor := NEW.facts #>> '{actor,id}';
    NEW.project := NEW.facts ->> 'project';
    IF NEW.type IS NULL OR NEW.actor IS NULL OR NEW.stream IS NULL THEN
        RAISE EXCEPTION 'An audit event needs a type, an actor and a stream.';
    END IF;
    NEW.uid := gen_random_uuid();
    NEW.xid := pg_current_xact_id();
    NEW.db_user := session_user;
    -- The counter's row lock is held until commit: numbers of a stream are dense and in commit order.
    INSERT INTO public.audit_stream AS s (stream, last_seq) VALUES (NEW.stream, 1)
        ON CONFLICT (stream) DO UPDATE SET last_seq = s.last_seq + 1
        RETURNING s.last_seq INTO NEW.stream_seq;
    -- After the lock, and not transaction_timestamp(): two events of a stream never run backwards.
    NEW.recorded_at := clock_timestamp();
    composed := '{"at":"' || to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","body":' || NEW.body
        || ',"db":' || to_json(NEW.db_user)::text
        || ',"id":"' || NEW.uid::text
        || '","s":' || to_json(NEW.stream)::text
        || ',"seq":' || NEW.stream_seq::text
        || ',"v":1}';
    NEW.entry := convert_to(composed, 'UTF8');
    NEW.leaf_hash := sha256('\x00'::bytea || NEW.entry);
    NEW.body := NULL;  -- it lives on inside the entry
    INSERT INTO public.audit_pending (event_id) VALUES (NEW.id);
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_event_is_composed_here BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_compose_entry();
CREATE TRIGGER audit_event_refuses_change BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_event_refuses_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_is_composed_here;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_refuses_change;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_refuses_truncate;

CREATE TRIGGER audit_stream_refuses_truncate BEFORE TRUNCATE OR DELETE ON audit_stream
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_stream ENABLE ALWAYS TRIGGER audit_stream_refuses_truncate;

ALTER TABLE audit_event ADD CONSTRAINT audit_entry_fits_a_tile CHECK (octet_length(entry) <= 65535);

-- "No state change without its event": attach to a table as
--   CREATE CONSTRAINT TRIGGER … AFTER INSERT OR UPDATE OF state ON t DEFERRABLE INITIALLY DEFERRED
--   FOR EACH ROW EXECUTE FUNCTION audit_require_event('<stream prefix>', '<column with the stream's key>');
CREATE FUNCTION audit_require_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    wanted text := TG_ARGV[0] || '/' || (changed ->> TG_ARGV[1]);
    written xid8;
BEGIN
    -- The newest event of the stream is ours if we wrote any: its counter row is locked until commit.
    SELECT xid INTO written FROM public.audit_event WHERE stream = wanted ORDER BY stream_seq DESC LIMIT 1;
    IF written IS DISTINCT FROM pg_current_xact_id() THEN
        RAISE EXCEPTION 'A change of % (%) left no audit event in %.', TG_TABLE_NAME, TG_OP, wanted
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

-- What the roles may do with the audit tables; called by the migration and by roles.sql.
CREATE FUNCTION audit_protect() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_event, public.audit_stream, public.audit_pending FROM gatehouse_app;
        GRANT SELECT, INSERT (stream, body) ON public.audit_event TO gatehouse_app;
        GRANT SELECT ON public.audit_stream, public.audit_pending TO gatehouse_app;
        REVOKE UPDATE ON public.audit_disclosure FROM gatehouse_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_sequencer') THEN
        GRANT SELECT ON public.audit_event, public.audit_stream TO gatehouse_sequencer;
        GRANT SELECT, DELETE ON public.audit_pending TO gatehouse_sequencer;
    END IF;
END
$$;
SELECT audit_protect();
