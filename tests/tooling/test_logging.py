"""What is a secret is not in the log, whatever logs it."""

import logging
from io import StringIO

import pytest
import structlog

from portal.logging import REMOVED, remove_secrets

TOKEN = f"gh_{'a' * 43}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"token {TOKEN} was used", "token [removed] was used"),
        ("Authorization: Bearer abc.def", "Authorization: [removed]"),
        ("redis://:sesame@valkey:6379/0", "redis[removed]valkey:6379/0"),
        ("postgresql://app:sesame@db/gatehouse", "postgresql[removed]db/gatehouse"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "signed with [removed]"),
        ("PRIVATE+KEY+host/gatehouse+1a2b3c4d+AVseed", "[removed]"),
        ("GET /x/?a=1&password=sesame&b=2", "GET /x/?a=1[removed]&b=2"),
        ("GET /x/?Token=sesame", "GET /x/[removed]"),
        ("GET /tokens/?after=3 https://host/path", "GET /tokens/?after=3 https://host/path"),
    ],
)
def test_what_looks_like_a_secret_is_removed_from_a_text(said, kept):
    assert remove_secrets(None, "info", {"event": said}) == {"event": kept}


@pytest.mark.parametrize(
    "name", ["password", "new_password", "webhook_secret", "Authorization", "cookie", "api_key"]
)
def test_what_is_named_like_a_secret_is_removed_whatever_it_holds(name):
    assert remove_secrets(None, "info", {name: "sesame", "user": 1}) == {name: REMOVED, "user": 1}


def fail():
    raise ValueError(f"postgresql://app:sesame@db refused {TOKEN}")


def test_a_secret_in_an_error_is_not_logged_either(monkeypatch):
    ours = (
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    written = StringIO()
    monkeypatch.setattr(next(ours), "stream", written)
    try:
        fail()
    except ValueError:
        structlog.get_logger("tests").exception("it_failed")
        logging.getLogger("tests").exception("%s failed", TOKEN)
    said = written.getvalue()
    assert "it_failed" in said
    assert "[removed] failed" in said
    assert "sesame" not in said
    assert TOKEN not in said
