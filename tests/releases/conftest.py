import pytest


@pytest.fixture
def scene(db):
    from tests.releases.scene import make_scene  # noqa: PLC0415 -- needs Django

    return make_scene()


@pytest.fixture
def shared_scene(transactional_db):
    """The scene where several transactions see each other: races, triggers at commit."""
    from tests.releases.scene import make_scene  # noqa: PLC0415 -- needs Django

    return make_scene()


@pytest.fixture
def cards(db):
    from tests.releases.cards_scene import make_card_scene  # noqa: PLC0415 -- needs Django

    return make_card_scene()
