"""A transactional test leaves the database as `migrate` left it."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection, transaction


@pytest.fixture
def counts():
    def count():
        with connection.cursor() as cursor:
            found = {}
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- our own names
                found[table] = cursor.fetchone()
            return found

    return count


@pytest.mark.parametrize("round_", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_what_a_transactional_test_committed_is_gone_and_what_migrations_seeded_is_back(
    round_, counts
):
    before = counts()
    assert before["auth_permission"][0] > 20
    kept = Permission.objects.order_by("pk").first().pk
    with transaction.atomic():
        Permission.objects.exclude(pk=kept).delete()
    assert Permission.objects.count() == 1
    call_command("flush", interactive=False, verbosity=0)
    assert counts() == before
