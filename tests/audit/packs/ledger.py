"""Seals the test database's log, and builds packs of it."""

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from audit.anchors.tokens import request_for
from audit.models import Tree
from audit.packs.build import build
from audit.packs.models import Pack
from audit.packs.request import request_pack
from audit.packs.scope import Mode, Scope
from audit.packs.signing_key import key_in
from audit.publishing.places import KEYS
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.keys import SigningKey
from audit.tlog.notes import Note, sign_checkpoint
from audit.verify import gatehouse_verify as verifier
from tests import factories
from tests.support.log import ORIGIN, connected, sequence


@dataclass
class Ledger:
    """``seal()`` does what sequencer and signer do; ``pack(…)`` asks for a pack and builds it."""

    root: Path
    key: SigningKey = field(default_factory=lambda: SigningKey.generate(ORIGIN))

    def __post_init__(self):
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / KEYS).write_text(f"{self.vkey}\n")

    @property
    def vkey(self):
        return str(self.key.verifier)

    def seal(self, *more_keys, at=0):
        sequence()
        tree = Tree.objects.get()
        checkpoint = Checkpoint(tree.origin, tree.size, bytes(tree.root))
        note = bytes(sign_checkpoint(checkpoint, [self.key, *more_keys], at=at)).decode()
        with connected("signer") as connection:
            connection.execute(
                "INSERT INTO audit_checkpoint (origin, size, root, note) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [tree.origin, tree.size, bytes(tree.root), note],
            )
        return note

    def asked(self, by, **scope):
        """A pack that waits, under a checkpoint that covers its request."""
        pack = request_pack(Scope(**scope), by=by)
        self.seal()
        return pack

    def pack(self, by, **scope):
        pack = build(self.asked(by, **scope).pk, worker="celery@one")
        assert pack.state == "ready", pack.reason
        return pack


def stamped(note, authority):
    """Have the checkpoint stamped, as the courier does; return the stamp."""
    text = Note.of(note.encode()).text
    token = authority.stamp(request_for(text.encode()).as_bytes())
    with connected("signer") as connection:
        connection.execute(
            "INSERT INTO audit_anchor (checkpoint_id, kind, authority, token)"
            " SELECT id, 'rfc3161', 'Stamps', %s FROM audit_checkpoint WHERE note = %s",
            [token, note],
        )
    return token


def zip_of(pack: Pack) -> bytes:
    with storages["packs"].open(pack.stored_name) as stream:
        return stream.read()


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def looked_at(path, *options):
    """Return the exit status, and everything that was said."""
    given = verifier._arguments([str(path), "--jobs", "1", *map(str, options)])
    report = verifier.verify(str(path), verifier._trust(given), jobs=1)
    said = "\n".join(f"{kind} {check}: {text}" for kind, check, text in report.all_findings())
    return report.status(strict=False), said


@dataclass
class Kept:
    """A pack's bytes, with the keys that made them: what a test may forge with."""

    data: bytes
    vkey: str
    key: SigningKey
    pack_key: object
    tokens: list


def after_some_weeks(world, ledger, mode, authority=None):
    """One change deployed, one rejected, one half signed, one refused to its requester; some time stamps."""
    world.deployed()
    tokens = [stamped(ledger.seal(), authority)] if authority else []
    world.rejected(world.request())
    tokens += [stamped(ledger.seal(), authority)] if authority else []
    world.signed(world.request(), "tom")
    by = factories.admin() if mode == "full" else world.audrey
    pack = ledger.pack(by, project="payments", mode=Mode(mode), purpose="the yearly audit")
    key = key_in(Path(settings.PACK_KEY_FILE))
    return Kept(zip_of(pack), ledger.vkey, ledger.key, key, tokens)


def signed_again(folder, key):
    """Write the manifest of what is in the folder now, and sign it: what a thief of the key does."""
    lines = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("MANIFEST.sha256"):
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    manifest = "".join(lines).encode()
    (folder / "MANIFEST.sha256").write_bytes(manifest)
    (folder / "MANIFEST.sha256.sig").write_bytes(key.sign_file(manifest))
    return folder
