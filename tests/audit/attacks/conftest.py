"""A sealed, published log that somebody then tampers with."""

import pytest

from tests.audit.sealing import SealedLog


@pytest.fixture
def log(tmp_path, settings):
    log = SealedLog(tmp_path / "log", settings)
    log.grow(12, "thing/1")
    log.grow(8, "thing/2")
    return log


@pytest.fixture
def findings():
    """What the verification says."""
    from audit.completeness.verification import verify_log  # noqa: PLC0415 -- needs Django

    return lambda: " ".join(verify_log().findings)
