"""The receipt of an erasure: what was erased, what nobody can open any more, and that the log says so.

A ZIP that verifies as evidence packs do: a manifest with OpenSSH's signature, the entry of the erasure with
its proof, and the commitments, whose hash is in that entry. Made after the erasure, by whoever finds the
row; a worker that dies in between leaves it to the next, and one receipt is issued in all.
"""

import io
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.itself import the_watcher
from audit.models import Event, Tree
from audit.packs.erasure import naming, remove_files_of_removed_packs
from audit.packs.events import PackEvent
from audit.packs.models import Pack
from audit.packs.signing_key import PackKey, key_in
from audit.packs.zip_file import Archive
from audit.parts import part_of
from audit.privacy.events import PrivacyEvent
from audit.privacy.models import Erasure
from audit.privacy.states import ErasureState, ErasureVerb, next_state
from audit.privacy.taking import unpacked
from audit.publishing.places import KEYS, directory_of
from audit.record import record
from audit.sealing import NotSealed, proof_of
from audit.times import in_utc
from audit.verify import gatehouse_verify

VERSION: Final = "gatehouse.erasure-receipt/v1"

_README: Final = """\
RECEIPT OF AN ERASURE
=====================

The personal data of the pseudonym {subject} was erased on {at}.
Erasure {number}, event {event}.

receipt.json            who asked, who confirmed, on what basis, what was erased, what stays
commitments.jsonl       the commitments in the audit log behind which nothing can be shown any more
entry.json              the entry of the log that says so; it holds the SHA-256 of commitments.jsonl
entry.tlog-proof        the proof (c2sp.org/tlog-proof) that the entry is in the log
log.vkey                the log's public keys; compare them with what the operator publishes elsewhere
MANIFEST.sha256(.sig)   the hashes of these files, signed as allowed_signers says

Verify it all at once:

  python3 gatehouse_verify.py THIS_RECEIPT.zip --log-key log.vkey

or by hand:

  sha256sum --check MANIFEST.sha256
  ssh-keygen -Y verify -f allowed_signers -I {origin} -n gatehouse-pack \\
    -s MANIFEST.sha256.sig < MANIFEST.sha256
"""

_STAYS: Final = [
    "The entries of the log, their hashes and proofs: they hold the pseudonym and commitments.",
    "What the person decided, under the pseudonym: changes, signatures, deployments.",
    "Evidence packs that were taken away before, and backups until they run out.",
    "Texts of others that may mention the person.",
]


def waiting_for_proof() -> list[int]:
    """Return the erasures that were carried out and have no receipt yet."""
    erased = Erasure.objects.filter(state=ErasureState.ERASED).order_by("pk")
    return list(erased.values_list("pk", flat=True)[:20])


def prove(erasure_id: int) -> bool:
    """Remove the packs that name the person, then issue the receipt; twice is no harm.

    Returns:
        Whether it is issued. It is not while no checkpoint that is signed and published covers the erasure.
    """
    erasure = Erasure.objects.filter(pk=erasure_id).first()
    if erasure is None or erasure.state != ErasureState.ERASED:
        return erasure is not None and erasure.state == ErasureState.PROVEN
    if erasure.packs is None:
        # Which they were is known before the first is gone.
        erasure.packs = naming(erasure.subject)
        erasure.save(update_fields=["packs"])
    Pack.objects.filter(pk__in=erasure.packs, removed_at=None).update(removed_at=timezone.now())
    remove_files_of_removed_packs()
    try:
        _issue(erasure_id)
    except (NotSealed, FileNotFoundError):  # not signed so far, or not published so far
        return False
    return True


@transaction.atomic(durable=True)
def _issue(erasure_id: int) -> None:
    rows = Erasure.objects.select_for_update(of=("self",))
    erasure = rows.select_related("requested_by", "confirmed_by").get(pk=erasure_id)
    state = next_state(erasure.state, ErasureVerb.PROVE)
    if state is None:
        return
    erasure.receipt, erasure.receipt_sha256 = _zip_of(erasure, key_in(Path(settings.PACK_KEY_FILE)))
    erasure.state = state
    erasure.save(update_fields=["receipt", "receipt_sha256", "state"])
    record(
        PrivacyEvent.ERASURE_PROVEN,
        subject=erasure,
        by=the_watcher(),
        subject_id=erasure.subject,
        sha256=erasure.receipt_sha256,
        packs_removed=len(erasure.packs or []),
    )


def _zip_of(erasure: Erasure, key: PackKey) -> tuple[bytes, str]:
    event = Event.objects.get(pk=erasure.event or 0)
    tree = Tree.objects.get()
    keys = directory_of(Path(settings.LOG_ROOT), tree.incarnation) / KEYS
    archive = Archive()
    try:
        archive.add("receipt.json", _json(_told(erasure, event)))
        archive.add("commitments.jsonl", unpacked(bytes(erasure.listing)))
        archive.add("entry.json", bytes(event.entry))
        archive.add("entry.tlog-proof", proof_of(event))
        archive.add("log.vkey", keys.read_bytes())
        archive.add("allowed_signers", key.allowed_signers(tree.origin))
        archive.add("README.txt", _readme(erasure, event, tree.origin))
        archive.add("gatehouse_verify.py", Path(gatehouse_verify.__file__).read_bytes())
        manifest = archive.manifest
        archive.add("MANIFEST.sha256", manifest)
        archive.add("MANIFEST.sha256.sig", key.sign_file(manifest))
        out = io.BytesIO()
        digest, _ = archive.assemble(out)
    finally:
        archive.close()
    return out.getvalue(), digest


def _told(erasure: Erasure, event: Event) -> dict[str, Any]:
    confirmed_by = erasure.confirmed_by
    return {
        "receipt": VERSION,
        "erasure": erasure.pk,
        "subject": erasure.subject,
        "basis": erasure.basis,
        "basis_in_words": erasure.get_basis_display(),
        "after_a_restore": erasure.renewed,
        "requested_by": erasure.requested_by.pseudonym,
        "requested_at": in_utc(erasure.requested_at),
        "confirmed_by": confirmed_by and confirmed_by.pseudonym,
        "confirmed_at": in_utc(erasure.confirmed_at),
        "erased_at": in_utc(erasure.erased_at),
        "event": str(event.uid),
        "erased": erasure.counts,
        "key": "destroyed",
        "commitments": unpacked(bytes(erasure.listing)).count(b"\n"),
        "commitments_sha256": erasure.listing_sha256,
        "packs_removed": erasure.packs or [],
        "packs_taken_away_before": _taken_away(erasure),
        "stays": _STAYS,
    }


def _taken_away(erasure: Erasure) -> list[dict[str, Any]]:
    """Return who took which of the removed packs away: nobody can call them back."""
    taken = Event.objects.filter(
        type=str(PackEvent.DOWNLOADED),
        stream__in=[f"evidence-pack/{pk}" for pk in erasure.packs or []],
    ).order_by("pk")
    return [
        {
            "pack": part_of(each.facts, "object").get("id"),
            "by": each.actor,
            "at": in_utc(each.recorded_at),
        }
        for each in taken
    ]


def _readme(erasure: Erasure, event: Event, origin: str) -> bytes:
    return _README.format(
        subject=erasure.subject,
        at=in_utc(erasure.erased_at),
        number=erasure.pk,
        event=event.uid,
        origin=origin,
    ).encode()


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
