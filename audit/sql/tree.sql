-- The tree over the events, its signed checkpoints, and what keeps them as they are. Who writes what:
--   gatehouse_sequencer  audit_leaf (adds), audit_tree (grows), audit_pending (empties)
--   gatehouse_signer     audit_checkpoint, audit_cosignature, audit_quorum, audit_anchor (adds)
--   both                 audit_halt (adds): why nothing is put into the tree any more
--   gatehouse_app        none of it
-- Recovery after a restore (`manage.py recover_log`) is the owner's, with these triggers off for a transaction.

CREATE FUNCTION audit_refuse_shrinking() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.size < OLD.size OR NEW.incarnation <> OLD.incarnation
        OR (OLD.origin <> '' AND NEW.origin <> OLD.origin)
    THEN
        RAISE EXCEPTION 'The tree of the audit log only grows.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_tree_only_grows BEFORE UPDATE ON audit_tree
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_shrinking();
ALTER TABLE audit_tree ENABLE ALWAYS TRIGGER audit_tree_only_grows;
CREATE TRIGGER audit_tree_stays BEFORE DELETE OR TRUNCATE ON audit_tree
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_tree ENABLE ALWAYS TRIGGER audit_tree_stays;

CREATE TRIGGER audit_leaf_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_refuses_change;
CREATE TRIGGER audit_checkpoint_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER audit_checkpoint_refuses_change;
CREATE TRIGGER audit_cosignature_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER audit_cosignature_refuses_change;
CREATE TRIGGER audit_quorum_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_quorum
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_quorum ENABLE ALWAYS TRIGGER audit_quorum_refuses_change;
CREATE TRIGGER audit_anchor_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_anchor ENABLE ALWAYS TRIGGER audit_anchor_refuses_change;

-- The queue fills and empties all the time: without this its index would be read through dead rows.
ALTER TABLE audit_pending SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);

INSERT INTO audit_tree (id, origin, incarnation, size, frontier, root)
    VALUES (1, '', 1, 0, '{}', sha256(''::bytea))
    ON CONFLICT (id) DO NOTHING;  -- going back leaves the tree as it is

-- What the roles may do with the audit tables; called here and by roles.sql.
CREATE OR REPLACE FUNCTION audit_protect() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        REVOKE ALL ON public.audit_event, public.audit_stream, public.audit_pending FROM gatehouse_app;
        REVOKE ALL ON public.audit_leaf, public.audit_tree, public.audit_checkpoint, public.audit_cosignature,
            public.audit_quorum, public.audit_anchor, public.audit_halt FROM gatehouse_app;
        GRANT SELECT, INSERT (stream, body) ON public.audit_event TO gatehouse_app;
        GRANT SELECT ON public.audit_stream, public.audit_pending TO gatehouse_app;
        GRANT SELECT ON public.audit_leaf, public.audit_tree, public.audit_checkpoint, public.audit_cosignature,
            public.audit_quorum, public.audit_anchor, public.audit_halt TO gatehouse_app;
        REVOKE UPDATE ON public.audit_disclosure FROM gatehouse_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_sequencer') THEN
        GRANT SELECT ON public.audit_event, public.audit_stream, public.audit_checkpoint TO gatehouse_sequencer;
        GRANT SELECT, DELETE ON public.audit_pending TO gatehouse_sequencer;
        GRANT SELECT, INSERT ON public.audit_leaf, public.audit_halt TO gatehouse_sequencer;
        GRANT SELECT, UPDATE ON public.audit_tree TO gatehouse_sequencer;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_signer') THEN
        GRANT SELECT ON public.audit_event, public.audit_leaf, public.audit_tree TO gatehouse_signer;
        GRANT SELECT, INSERT ON public.audit_checkpoint, public.audit_cosignature, public.audit_quorum,
            public.audit_anchor, public.audit_halt TO gatehouse_signer;
    END IF;
END
$$;
SELECT audit_protect();
