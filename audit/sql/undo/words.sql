-- Takes back what words.sql made; the tables go with their migration.
DELETE FROM audit_wordscursor;
DROP FUNCTION audit_words_of(text, uuid, bytea, jsonb);
