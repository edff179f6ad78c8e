-- Takes back what removal.sql made.
DROP TRIGGER audit_subjectkey_goes_with_an_erasure ON audit_subjectkey;
DROP FUNCTION audit_require_erasure();
DROP TRIGGER audit_disclosure_goes_with_an_event ON audit_disclosure;
DROP FUNCTION audit_require_removal_event();
