"""The tests' own database keeps the promises that the other tests rely on."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_connect_as_the_application_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role('gatehouse_owner', 'MEMBER')")
        assert cursor.fetchone() == ("gatehouse_app", False)


@pytest.mark.django_db
def test_the_schema_belongs_to_the_owner_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchall() == [("gatehouse_owner",)]
