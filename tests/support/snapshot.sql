-- Run once in a freshly migrated database, by a superuser. Remembers what the migrations seeded,
-- and defines test_support.restore(), which brings exactly that back.
CREATE SCHEMA test_support;

CREATE TABLE test_support.sequences AS
    SELECT format('%I.%I', schemaname, sequencename) AS name, start_value, last_value
    FROM pg_sequences WHERE schemaname = 'public';

DO $$
DECLARE
    one text;
    filled boolean;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE test_support.%I AS TABLE public.%I', 'seed_' || one, one);
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION test_support.restore() RETURNS void LANGUAGE plpgsql
    -- Ordinary triggers and foreign keys sleep for a replica.
    SET session_replication_role = replica
AS $$
DECLARE
    one record;
    filled boolean;
    columns text;
    changed text[] := '{}';
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one.tablename) INTO filled;
        IF filled THEN
            changed := changed || one.tablename::text;
        END IF;
    END LOOP;

    -- ENABLE ALWAYS triggers do not sleep; they are put to bed one by one and woken as they were.
    CREATE TEMPORARY TABLE always ON COMMIT DROP AS
        SELECT format('public.%I', c.relname) AS owner, t.tgname AS name
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE t.tgenabled = 'A' AND NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace;
    FOR one IN SELECT * FROM always LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', one.owner, one.name);
    END LOOP;

    IF changed <> '{}' THEN
        EXECUTE 'TRUNCATE ' || (SELECT string_agg(format('public.%I', t), ', ') FROM unnest(changed) t)
            || ' CASCADE';
    END IF;
    FOR one IN SELECT substr(tablename, 6) AS name FROM pg_tables
        WHERE schemaname = 'test_support' AND tablename LIKE 'seed\_%'
    LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
            FROM pg_attribute
            WHERE attrelid = format('public.%I', one.name)::regclass
                AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        EXECUTE format(
            'INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM test_support.%I',
            one.name, columns, columns, 'seed_' || one.name
        );
    END LOOP;
    PERFORM setval(name::regclass, coalesce(last_value, start_value), last_value IS NOT NULL)
        FROM test_support.sequences;

    FOR one IN SELECT * FROM always LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', one.owner, one.name);
    END LOOP;
END
$$;
