-- Takes back what refused.sql made; the table goes with its migration.
DROP FUNCTION audit_protect_refused();
DROP TRIGGER audit_refusedentry_refuses_change ON audit_refusedentry;
