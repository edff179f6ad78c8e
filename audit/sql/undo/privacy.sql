-- Takes back what privacy.sql made; the table goes with its migration.
DROP FUNCTION audit_protect_privacy();
DROP TRIGGER audit_subjectkey_stays ON audit_subjectkey;
DROP TRIGGER audit_subjectkey_never_comes_back ON audit_subjectkey;
DROP FUNCTION audit_guard_subject_key();
