-- Takes back what tree.sql made: its guards and rights. The tree stays as it is.
DROP TRIGGER audit_anchor_refuses_change ON audit_anchor;
DROP TRIGGER audit_quorum_refuses_change ON audit_quorum;
DROP TRIGGER audit_cosignature_refuses_change ON audit_cosignature;
DROP TRIGGER audit_checkpoint_refuses_change ON audit_checkpoint;
DROP TRIGGER audit_leaf_refuses_change ON audit_leaf;
DROP TRIGGER audit_tree_stays ON audit_tree;
DROP TRIGGER audit_tree_only_grows ON audit_tree;
DROP FUNCTION audit_refuse_shrinking();

ALTER TABLE audit_pending RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay
);

-- As events.sql has it.
CREATE OR REPLACE FUNCTION audit_protect() RETURNS void
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

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON public.audit_leaf, public.audit_tree, public.audit_checkpoint,
            public.audit_cosignature, public.audit_quorum, public.audit_anchor, public.audit_halt
            TO gatehouse_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_sequencer') THEN
        REVOKE ALL ON public.audit_checkpoint, public.audit_leaf, public.audit_halt, public.audit_tree
            FROM gatehouse_sequencer;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_signer') THEN
        REVOKE ALL ON public.audit_event, public.audit_leaf, public.audit_tree, public.audit_checkpoint,
            public.audit_cosignature, public.audit_quorum, public.audit_anchor, public.audit_halt
            FROM gatehouse_signer;
    END IF;
END
$$;
