import pytest


@pytest.fixture
def world(kept_world):
    """A project in which people ask, sign and carry out by hand."""
    return kept_world


@pytest.fixture
def as_(client):
    """The test client, signed in as one of the cast."""
    from tests import factories  # noqa: PLC0415 -- needs Django

    def signed_in(username):
        client.force_login(factories.admin() if username == "admin" else factories.person(username))
        return client

    return signed_in
