-- The words of an entry that a search finds: what the entry says (types, labels, digests, slugs, pseudonyms,
-- numbers), whole and in parts. Commitments, names and free text are not among them: docs/adr/0017.
CREATE FUNCTION audit_words_of(stream text, uid uuid, leaf_hash bytea, facts jsonb) RETURNS tsvector
LANGUAGE sql STABLE PARALLEL SAFE COST 5000 SET search_path = pg_catalog, public, pg_temp AS $$
    WITH said (part) AS (
        SELECT lower(value #>> '{}') FROM jsonb_path_query(
            facts - 'private' - 'source', 'strict $.** ? (@.type() == "string" || @.type() == "number")'
        ) AS value
        UNION ALL SELECT lower(stream)
        UNION ALL SELECT lower(facts #>> '{source,channel}')
    ), whole (word) AS (
        SELECT btrim(word, '._:/@+-')
        FROM said, regexp_split_to_table(replace(part, 'sha256:', ''), '[^[:alnum:]._:/@+-]+') AS word
    ), every (word) AS (
        SELECT word FROM whole
        UNION ALL SELECT piece FROM whole, regexp_split_to_table(word, '[^[:alnum:]]+') AS piece
            WHERE word !~ '^(usr|svc|sys)_'
        UNION ALL SELECT uid::text
        UNION ALL SELECT encode(leaf_hash, 'hex')
        UNION ALL SELECT lower(facts #>> '{source,request}')
    )
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT left(word, 100)), '{}')) FROM every WHERE word <> ''
$$;

INSERT INTO audit_wordscursor (id, origin, size) VALUES (1, '', 0);
