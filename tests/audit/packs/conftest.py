"""A log of its own for each test. Django is not loaded yet when pytest reads this file."""

import pytest


@pytest.fixture
def ledger(transactional_db, settings, tmp_path):
    from tests.audit.packs.ledger import Ledger  # noqa: PLC0415 -- needs Django

    settings.LOG_ROOT = tmp_path / "published"
    settings.WITNESS_POLICY_FILE = ""
    return Ledger(settings.LOG_ROOT)


@pytest.fixture
def world(transactional_db):
    """The payments project after some weeks."""
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()
