"""Going back before what the migrations wrote in SQL, and forth again, makes the same database."""

import os
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tests.support.database import TEMPLATE, name, server

COPY = "test_back_and_forth"
MADE = """
SELECT 'function', p.proname, pg_get_functiondef(p.oid), p.proacl::text
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prolang <> 13
UNION ALL SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text
    FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL SELECT 'constraint', c.conname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid)
    FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace
UNION ALL SELECT 'rights', c.relname, array_to_string(c.reloptions, ','), (SELECT
        string_agg(every.acl::text, ' ' ORDER BY every.acl::text)
        FROM (SELECT unnest(c.relacl) AS acl UNION ALL SELECT unnest(a.attacl) FROM pg_attribute a
            WHERE a.attrelid = c.oid) AS every)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
ORDER BY 1, 2, 3, 4
"""


def written_in_sql():
    """Every piece of SQL in the migrations of all apps with its migration, in the order of running."""
    graph = MigrationLoader(None).graph
    return [
        (key, each)
        for key in graph._generate_plan(graph.leaf_nodes(), at_end=True)
        for each in graph.nodes[key].operations
        if isinstance(each, migrations.RunSQL)
    ]


def test_sql_in_a_migration_goes_back_and_forth(django_db_setup):
    pieces = [each for _, each in written_in_sql()]
    with psycopg.connect(server().url("gatehouse_owner", name())) as owner:
        before = owner.execute(MADE).fetchall()
        for piece in reversed(pieces):
            owner.execute(piece.reverse_sql)
        left = owner.execute(MADE).fetchall()
        assert not [each for kind, each, *_ in left if kind in {"function", "trigger"}]
        for piece in pieces:
            owner.execute(piece.sql)
        assert owner.execute(MADE).fetchall() == before
        owner.rollback()


@contextmanager
def a_copy():
    """Stand on a database of its own, as the owner of the schema."""
    copy = sql.Identifier(COPY)
    with server().superuser() as superuser:
        superuser.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER gatehouse_owner").format(
                copy, sql.Identifier(TEMPLATE)
            )
        )
    usual = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(NAME=COPY, USER="gatehouse_owner")
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(usual)
        with server().superuser() as superuser:
            superuser.execute(sql.SQL("DROP DATABASE {}").format(copy))


@pytest.mark.skipif("GATEHOUSE_TORTURE" not in os.environ, reason="takes longer than migrating")
def test_every_app_goes_back_before_its_first_sql_and_forth(django_db_setup, django_db_blocker):
    graph = MigrationLoader(None).graph
    first = dict(reversed([key for key, _ in written_in_sql()]))
    before_it = [
        next(each for each in graph.nodes[key].dependencies if each[0] == key[0])
        for key in first.items()
    ]
    with django_db_blocker.unblock(), a_copy():
        MigrationExecutor(connection).migrate(before_it)
        MigrationExecutor(connection).migrate(graph.leaf_nodes())
        with connection.cursor() as cursor:
            cursor.execute(MADE)
            after = cursor.fetchall()
    with psycopg.connect(server().url("gatehouse_owner", name())) as owner:
        assert owner.execute(MADE).fetchall() == after
