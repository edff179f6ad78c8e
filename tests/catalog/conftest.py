"""What the catalog's tests begin with. Django is not loaded yet when pytest reads this file."""

import pytest


@pytest.fixture
def make(db):
    from tests import factories  # noqa: PLC0415 -- needs Django

    return factories


@pytest.fixture
def admin(make):
    return make.admin()


@pytest.fixture
def project(make):
    """payments, with staging and production and nobody in it but its administrators."""
    return make.project()


@pytest.fixture
def oskar(make, project):
    """The project's administrator."""
    return make.member("oskar", project)


@pytest.fixture
def events(db):
    """The sentences recorded since the fixture was asked for."""
    from audit.models import Event  # noqa: PLC0415 -- needs Django
    from audit.sentences import with_sentences  # noqa: PLC0415 -- needs Django

    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return lambda: [
        e.sentence for e in with_sentences(Event.objects.filter(pk__gt=newest).in_log_order())
    ]


@pytest.fixture
def role(db):
    from catalog.models import Role  # noqa: PLC0415 -- needs Django

    return lambda slug: Role.objects.get(slug=slug)


@pytest.fixture
def at_once():
    """Call every function in a thread of its own, at the same moment; return results and errors."""
    import threading  # noqa: PLC0415 -- only here
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- only here

    def run(*functions):
        from django.db import connection  # noqa: PLC0415 -- needs Django

        barrier = threading.Barrier(len(functions))

        def call(function):
            try:
                barrier.wait(timeout=10)
                return function()
            except Exception as error:  # noqa: BLE001 -- the test judges it
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run
