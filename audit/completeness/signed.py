"""What was signed: by the log, by its witnesses, by a time-stamp authority."""

from collections.abc import Iterable, Sequence
from typing import Final

from audit.anchors.tokens import AnchorInvalid, StampVerifier
from audit.completeness.complaints import Complaints
from audit.models import Anchor, Checkpoint, Cosignature, Quorum, Tree
from audit.tlog import checkpoints
from audit.tlog.errors import TlogError
from audit.tlog.keys import VerifierKey
from audit.tlog.notes import Note, Signature, Verified, open_checkpoint
from audit.tlog.policy_file import Policy

CHUNK: Final = 1000


def check_checkpoints(tree: Tree, keys: Sequence[VerifierKey], complaints: Complaints) -> None:
    """Every checkpoint is signed by the log, says what its row says, and lies within the tree."""
    for row in Checkpoint.objects.filter(origin=tree.origin).order_by("size").iterator(CHUNK):
        if row.size > tree.size:
            complaints.add(
                "ahead",
                f"A checkpoint of {row.size} entries is signed, and the tree has {tree.size}.",
            )
        try:
            signed, _, _ = open_checkpoint(row.note.encode(), keys)
        except TlogError as error:
            complaints.add("signature", f"The checkpoint of {row.size} entries: {error}")
            continue
        if signed != checkpoints.Checkpoint(row.origin, row.size, bytes(row.root)):
            complaints.add(
                "row", f"The checkpoint of {row.size} entries says something else than its row."
            )


def check_cosignatures(tree: Tree, policy: Policy | None, complaints: Complaints) -> None:
    """Every cosignature of a witness that the policy names holds, and a quorum is one."""
    keys = policy.witness_keys if policy else []
    rows = Cosignature.objects.filter(checkpoint__origin=tree.origin).select_related("checkpoint")
    for row in rows.order_by("pk").iterator(CHUNK):
        try:
            _verified(row.checkpoint, [row], keys)
        except TlogError as error:
            complaints.add(
                "cosignature",
                f"The cosignature of {row.name} on {row.checkpoint.size} entries: {error}",
            )
    if policy:
        _check_quorums(tree, policy, complaints)


def _check_quorums(tree: Tree, policy: Policy, complaints: Complaints) -> None:
    # Quorums of an earlier policy are not to be judged by this one: only the newest is asked for.
    newest = Quorum.objects.filter(checkpoint__origin=tree.origin).order_by("-checkpoint__size")
    for quorum in newest.select_related("checkpoint")[:1]:
        lines = quorum.checkpoint.cosignatures.all()
        try:
            verified = _verified(quorum.checkpoint, lines, policy.witness_keys)
        except TlogError:
            continue  # told above
        if not policy.is_satisfied_by([each.key for each in verified]):
            complaints.add(
                "quorum",
                f"The checkpoint of {quorum.checkpoint.size} entries is called witnessed, and the "
                "cosignatures on it are not those that the policy asks for.",
            )


def _verified(
    checkpoint: Checkpoint, rows: Iterable[Cosignature], keys: Iterable[VerifierKey]
) -> list[Verified]:
    """Return those by known keys.

    Raises:
        TlogError: a line is none, or does not hold.
    """
    text = Note.of(checkpoint.note.encode()).text
    known = list(keys)
    found = []
    for row in rows:
        signature = Signature.of_line(row.line.removesuffix("\n"))
        found += [
            Verified(key, key.verify(text, signature.payload))
            for key in known
            if signature.is_by(key)
        ]
    return found


def check_anchors(tree: Tree, verifier: StampVerifier | None, complaints: Complaints) -> None:
    """Every time stamp is over its checkpoint and made under a certificate that is believed."""
    if verifier is None:
        return
    rows = Anchor.objects.filter(checkpoint__origin=tree.origin).select_related("checkpoint")
    for row in rows.order_by("pk").iterator(CHUNK):
        text = Note.of(row.checkpoint.note.encode()).text
        try:
            verifier.verify(bytes(row.token), text.encode())
        except AnchorInvalid as error:
            complaints.add("anchor", f"The time stamp on {row.checkpoint.size} entries: {error}")
