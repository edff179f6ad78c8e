"""Whom this installation trusts: the log's own keys, and the policy about its witnesses."""

from pathlib import Path

from django.conf import settings

from audit.models import Tree
from audit.publishing.places import KEYS, directory_of
from audit.tlog.errors import Malformed
from audit.tlog.keys import VerifierKey
from audit.tlog.policy_file import Policy, parse_policy


class NoPolicy(Exception):
    """The policy file cannot be used; the message is a sentence."""


def witness_policy() -> Policy | None:
    """Return the policy that WITNESS_POLICY_FILE names, None if it names none.

    Raises:
        NoPolicy: the file cannot be read or is no policy.
    """
    if not settings.WITNESS_POLICY_FILE:
        return None
    try:
        return parse_policy(Path(settings.WITNESS_POLICY_FILE).read_bytes())
    except (OSError, Malformed) as error:
        raise NoPolicy(f"The witness policy {settings.WITNESS_POLICY_FILE}: {error}") from error


def log_directory(tree: Tree) -> Path:
    """Return where the log of this tree is published."""
    return directory_of(Path(settings.LOG_ROOT), tree.incarnation)


def log_keys(tree: Tree) -> list[VerifierKey]:
    """Return the keys that sign this log: those published beside it, and those of the policy.

    Raises:
        Malformed: the published file holds something else.
        NoPolicy: see ``witness_policy``.
    """
    keys = []
    file = log_directory(tree) / KEYS
    if file.is_file():
        keys = [VerifierKey.of(line) for line in file.read_text(encoding="utf-8").split()]
    policy = witness_policy()
    more = policy.log_keys if policy else []
    return keys + [key for key in more if key not in keys]
