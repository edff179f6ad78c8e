"""Build a pack: take the lease, assemble it from one snapshot, keep it, say so in the log."""

import hashlib
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final, cast

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from audit.itself import TheLog, the_watcher
from audit.models import Event
from audit.packs.contents import Assembly, Built
from audit.packs.erasure import remove_file
from audit.packs.errors import CannotBuild, LeaseLost, NotSealedYet, PackNotAllowed
from audit.packs.events import PackEvent
from audit.packs.models import Pack, PackState
from audit.packs.progress import LEASE, Progress
from audit.packs.request import ensure_may_have
from audit.packs.signing_key import PackKey, key_in
from audit.packs.snapshot import snapshot
from audit.privacy.models import Erasure
from audit.reach import reach_of
from audit.record import record

PATIENCE: Final = timedelta(minutes=10)
"""How long a pack waits for the log to be signed as far as its request."""

_ERASURES: Final = "SELECT count(*) FROM audit_erasure WHERE erased_at IS NOT NULL"

log = structlog.get_logger(__name__)


def build(pack_id: int, *, worker: str) -> Pack | None:
    """Build the pack, unless another worker does or it is finished.

    Returns:
        The pack as it is then; None when there was nothing to do now. What waits for the log to be signed
        stays waiting, and the sweep tries again.
    """
    pack = claim(pack_id, worker=worker)
    if pack is None:
        return None
    try:
        return _build(pack)
    except NotSealedYet as error:
        return _wait_or_fail(pack, error)
    except (CannotBuild, PackNotAllowed, OSError, DatabaseError) as error:
        log.exception("pack_failed", pack=pack.pk)
        return fail(pack, _sentence_of(error))
    except LeaseLost:
        return None


@transaction.atomic(durable=True)
def claim(pack_id: int, *, worker: str) -> Pack | None:
    """Take the lease of a pack that nobody builds; None when somebody does, or it is finished."""
    pack = Pack.objects.forgotten().select_for_update(skip_locked=True).filter(pk=pack_id).first()
    if pack is None:
        return None
    pack.state = PackState.BUILDING
    pack.lease_holder = f"{worker[:100]}#{secrets.token_hex(6)}"
    pack.lease_until = timezone.now() + LEASE
    pack.save(update_fields=["state", "lease_holder", "lease_until"])
    return pack


def _build(pack: Pack) -> Pack:
    # Rights may have ended since it was asked for.
    ensure_may_have(pack.wanted, reach_of(pack.requested_by))
    key = key_in(Path(settings.PACK_KEY_FILE))
    announce(key)
    Path(settings.PACK_SCRATCH).mkdir(mode=0o750, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.PACK_SCRATCH) as out, snapshot() as seen:
        erasures = seen.one(_ERASURES, {})
        built = Assembly(pack, seen, key, Progress(pack, pack.lease_holder)).write(out)
        pack.sha256 = built.sha256
        _keep(out, pack.stored_name)
    try:
        return _finish(pack, built, erasures)
    except NotSealedYet:
        remove_file(pack)
        raise


def _keep(out: IO[bytes], name: str) -> None:
    store = storages["packs"]
    if not store.exists(name):
        out.seek(0)
        store.save(name, File(cast("Any", out)))


@transaction.atomic(durable=True)
def _finish(pack: Pack, built: Built, erasures: int) -> Pack:
    pack = _still_mine(pack)
    if Erasure.objects.filter(erased_at__isnull=False).count() != erasures:
        raise NotSealedYet(
            "Somebody's personal data was erased while the pack was built. It is built again without it."
        )
    pack.state = PackState.READY
    pack.sha256, pack.size = built.sha256, built.size
    pack.manifest_sha256 = built.manifest_sha256
    pack.entries, pack.checkpoint_size = built.entries, built.checkpoint_size
    pack.finished_at = timezone.now()
    pack.reason = ""
    pack.save()
    record(
        PackEvent.BUILT,
        subject=pack,
        by=the_watcher(),
        sha256=built.sha256,
        manifest_sha256=built.manifest_sha256,
        size=built.size,
        entries=built.entries,
        checkpoint_size=built.checkpoint_size,
    )
    return pack


@transaction.atomic(durable=True)
def fail(pack: Pack, why: str) -> Pack:
    """Write down why there will be no such pack."""
    pack = _still_mine(pack)
    pack.state = PackState.FAILED
    pack.reason = why
    pack.finished_at = timezone.now()
    pack.save()
    record(PackEvent.FAILED, subject=pack, by=the_watcher(), outcome="failure", why=why[:2000])
    return pack


def _wait_or_fail(pack: Pack, error: NotSealedYet) -> Pack:
    if timezone.now() - pack.created_at > PATIENCE:
        return fail(pack, str(error))
    mine = Pack.objects.filter(pk=pack.pk, lease_holder=pack.lease_holder)
    mine.update(state=PackState.WAITING, reason=str(error), lease_until=None)
    pack.refresh_from_db()
    return pack


def _still_mine(pack: Pack) -> Pack:
    locked = Pack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
    if locked.lease_holder != pack.lease_holder:
        raise LeaseLost(f"Another worker builds the {pack}.")
    return locked


@transaction.atomic(durable=True)
def announce(key: PackKey) -> None:
    """Say in the log which key signs packs, unless it says so already."""
    digest = hashlib.sha256(key.blob).hexdigest()
    known = Event.objects.filter(type=str(PackEvent.KEY_ANNOUNCED), facts__data__key_sha256=digest)
    if not known.exists():
        record(
            PackEvent.KEY_ANNOUNCED,
            subject=TheLog(),
            by=the_watcher(),
            fingerprint=key.fingerprint,
            key_sha256=digest,
            public_key=key.public_line,
        )


def _sentence_of(error: Exception) -> str:
    if isinstance(error, PackNotAllowed):
        return error.sentence
    if isinstance(error, CannotBuild):
        return str(error)
    if isinstance(error, DatabaseError):
        return "The database did not answer while the pack was built. Ask for it again."
    return "The server has no room for the pack, or cannot write it. Nothing of it was kept."
