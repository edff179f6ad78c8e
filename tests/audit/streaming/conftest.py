"""A log, places to send it to, and somebody who may."""

import pytest


@pytest.fixture
def log(tmp_path, settings, transactional_db):
    """`grow(n)` records n entries, and seals and signs them."""
    from tests.audit.sealing import SealedLog  # noqa: PLC0415 -- needs Django

    return SealedLog(tmp_path / "log", settings)


@pytest.fixture
def admin(transactional_db):
    from tests import factories  # noqa: PLC0415 -- needs Django

    return factories.admin()


@pytest.fixture
def secrets(tmp_path, settings):
    """The directory of secrets, with one that signs."""
    directory = tmp_path / "secrets"
    directory.mkdir()
    (directory / "siem").write_text("whsec_c2VjcmV0LW9mLXRoZS1zaWVt\n")
    settings.STREAMING_SECRETS_DIR = str(directory)
    settings.STREAMING_ROOT = str(tmp_path / "stream")
    return directory


@pytest.fixture
def receiver():
    from tests.deployments.receiver import Receiver  # noqa: PLC0415 -- needs Django

    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def webhook(log, admin, secrets, receiver):
    """A destination that the receiver takes for."""
    from tests.audit.streaming.places import made  # noqa: PLC0415 -- needs Django

    return made(admin, kind="webhook", url=receiver.url, signing_secret="siem")


@pytest.fixture
def file(log, admin, secrets):
    from tests.audit.streaming.places import made  # noqa: PLC0415 -- needs Django

    return made(admin, kind="file", file_name="audit.jsonl")
