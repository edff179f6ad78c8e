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


@pytest.fixture
def authority(settings, tmp_path):
    """A time-stamp authority whose stamps the portal believes."""
    from tests.audit.anchors.authority import Authority  # noqa: PLC0415 -- only here

    found = Authority(tmp_path / "authority")
    settings.TIMESTAMP_ROOTS_FILE = str(found.roots)
    return found


_KEPT = {}


def _kept(request, mode):
    """Build a pack of a project after some weeks once, and give its bytes to every test that asks."""
    if mode not in _KEPT:
        from tests.audit.packs.ledger import after_some_weeks  # noqa: PLC0415 -- needs Django

        # Fixtures that are asked for only now cannot tell pytest-django that they commit.
        request.node.add_marker(pytest.mark.django_db(transaction=True))
        world, ledger = (request.getfixturevalue(name) for name in ("world", "ledger"))
        # One with a time stamp, one without.
        authority = request.getfixturevalue("authority") if mode == "part" else None
        _KEPT[mode] = after_some_weeks(world, ledger, mode, authority)
    return _KEPT[mode]


@pytest.fixture
def kept(request):
    """A pack of a part of the log: `data`, `vkey`, `key` and `pack_key`; no database needed any more."""
    return _kept(request, "part")


@pytest.fixture
def kept_full(request):
    """The same in full mode."""
    return _kept(request, "full")


@pytest.fixture
def folder(kept, tmp_path):
    """The pack, unpacked."""
    from tests.audit.packs.ledger import unpacked  # noqa: PLC0415 -- needs Django

    return unpacked(kept.data, tmp_path / "pack")
