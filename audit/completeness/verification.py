"""Verify the whole log: entries, tree, signatures, published files, and that nothing is missing."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.anchors.tokens import AnchorInvalid, StampVerifier
from audit.completeness.complaints import Complaints
from audit.completeness.entries import sealed_entries
from audit.completeness.files import PublishedFiles
from audit.completeness.progress import told
from audit.completeness.queue import check_order, check_queue, check_search
from audit.completeness.refused import check_refused
from audit.completeness.signed import check_anchors, check_checkpoints, check_cosignatures
from audit.completeness.tree import Recomputed, TreeCheck
from audit.models import Tree
from audit.publishing.places import CHECKPOINT
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.errors import TlogError
from audit.tlog.keys import VerifierKey
from audit.tlog.notes import open_checkpoint
from audit.tlog.policy_file import Policy
from audit.witness.trust import NoPolicy, log_directory, log_keys, witness_policy

LONGEST: Final = "2h"
"""That one statement may take: a long log takes longer than a page may."""


@dataclass
class Verification:
    """What a verification found.

    Attributes:
        origin: the log's name.
        size: entries in the tree.
        root: of the tree as recomputed.
        checkpoints: signed roots that were compared with it.
        findings: sentences about what is wrong.
    """

    started_at: datetime
    origin: str = ""
    size: int = 0
    root: bytes = b""
    checkpoints: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass
class _Trusted:
    """What the signatures are verified with."""

    keys: list[VerifierKey] = field(default_factory=list)
    policy: Policy | None = None
    stamps: StampVerifier | None = None


def verify_log(*, with_files: bool = True) -> Verification:
    """Verify everything that is sealed now, in one snapshot and in bounded memory.

    Args:
        with_files: compare the published tiles and bundles too.

    Raises:
        RuntimeError: there is a transaction already.
        DatabaseError: the database does not answer.
    """
    result = Verification(timezone.now())
    complaints = Complaints()
    # Read before the snapshot: what is published now must be in it.
    before = Tree.objects.get()
    trusted = _trusted(before, complaints)
    published = _published(before, trusted, complaints)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
        tree = Tree.objects.get()
        if published and published.origin != tree.origin:
            published = None  # a new log was opened in between
        recomputed = _check_tree(tree, published, complaints, with_files=with_files)
        check_checkpoints(tree, trusted.keys, complaints)
        check_cosignatures(tree, trusted.policy, complaints)
        check_anchors(tree, trusted.stamps, complaints)
        check_queue(complaints)
        check_refused(complaints)
        check_order(complaints)
        check_search(complaints)
    result.origin, result.size, result.root = tree.origin, recomputed.size, recomputed.root
    result.checkpoints, result.findings = recomputed.heads, complaints.sentences()
    return result


def _trusted(tree: Tree, complaints: Complaints) -> _Trusted:
    trusted = _Trusted()
    try:
        trusted.keys = log_keys(tree)
        trusted.policy = witness_policy()
        if settings.TIMESTAMP_ROOTS_FILE:
            trusted.stamps = StampVerifier.of_file(Path(settings.TIMESTAMP_ROOTS_FILE))
    except (NoPolicy, TlogError, AnchorInvalid) as error:
        complaints.add("settings", str(error))
    return trusted


def _published(tree: Tree, trusted: _Trusted, complaints: Complaints) -> Checkpoint | None:
    """Return the published checkpoint, if there is one and it is signed by the log."""
    try:
        raw = (log_directory(tree) / CHECKPOINT).read_bytes()
    except OSError:
        return None
    try:
        checkpoint, _, _ = open_checkpoint(raw, trusted.keys)
    except TlogError as error:
        complaints.add("published checkpoint", f"The published checkpoint: {error}")
        return None
    return checkpoint


def _check_tree(
    tree: Tree, published: Checkpoint | None, complaints: Complaints, *, with_files: bool
) -> Recomputed:
    if published and published.size > tree.size:
        complaints.add(
            "behind",
            f"{published.size} entries are published, and the tree has {tree.size}: the database was "
            "restored from an older state.",
        )
        published = None
    recomputed = _recompute(tree, published, complaints, with_files=with_files)
    if recomputed.size != tree.size:
        complaints.add(
            "size",
            f"The tree says that it has {tree.size} leaves, and there are {recomputed.size}.",
        )
    if recomputed.root != bytes(tree.root):
        complaints.add("root", "The entries do not lead to the root that the tree says.")
    elif recomputed.frontier != [bytes(each) for each in tree.frontier]:
        complaints.add("frontier", "The frontier of the tree is not the one of its entries.")
    return recomputed


def _recompute(
    tree: Tree, published: Checkpoint | None, complaints: Complaints, *, with_files: bool
) -> Recomputed:
    heads = {published.size: published.root} if published else {}
    files = None
    if published and with_files:
        files = PublishedFiles(log_directory(tree), published.size, complaints)
    try:
        with transaction.atomic():
            return TreeCheck(complaints, heads=heads, files=files).run(
                told(sealed_entries(), tree.size)
            )
    except psycopg.DataError as error:
        complaints.add(
            "unreadable entry",
            f"An entry cannot be read as what it should be: {error.diag.message_primary}.",
        )
    # Once more without reading what is inside, so that the others are checked all the same.
    return TreeCheck(complaints, heads=heads).run(sealed_entries(with_columns=False))
