import pytest


@pytest.fixture
def world(kept_world):
    return kept_world


@pytest.fixture
def shared_world(transactional_db):
    """The world that a live server sees."""
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()


@pytest.fixture
def as_(client):
    """The test client, signed in as one of the cast."""

    from tests import factories  # noqa: PLC0415 -- needs Django

    def signed_in(username):
        client.force_login(factories.person(username))
        return client

    return signed_in
