-- Takes back what words_drawn.sql made. The application has its usual rights again, and the words stay.
DROP FUNCTION audit_protect_words();
DROP TRIGGER audit_words_are_drawn_here ON audit_words;
DROP FUNCTION audit_draw_words();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON public.audit_words TO gatehouse_app;
    END IF;
END
$$;
