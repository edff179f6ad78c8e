-- Takes back what events.sql made. The application has its usual rights again, and the entries stay.
DROP FUNCTION audit_protect();
DROP TRIGGER audit_stream_refuses_truncate ON audit_stream;
DROP TRIGGER audit_event_refuses_truncate ON audit_event;
DROP TRIGGER audit_event_refuses_change ON audit_event;
DROP TRIGGER audit_event_is_composed_here ON audit_event;
ALTER TABLE audit_event DROP CONSTRAINT audit_entry_fits_a_tile;
DROP FUNCTION audit_require_event();
DROP FUNCTION audit_refuse_change();
DROP FUNCTION audit_compose_entry();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_event FROM gatehouse_app;  -- of its columns, too
        GRANT SELECT, INSERT, UPDATE, DELETE ON public.audit_event, public.audit_stream, public.audit_pending,
            public.audit_disclosure TO gatehouse_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_sequencer') THEN
        REVOKE ALL ON public.audit_event, public.audit_stream, public.audit_pending FROM gatehouse_sequencer;
    END IF;
END
$$;
