"""A transactional test leaves the database as `migrate` left it."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction


@pytest.fixture
def counts():
    def count():
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            return {t: cursor.execute(f'SELECT count(*) FROM "{t}"').fetchone() for t in tables}

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
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)
    assert counts() == before
