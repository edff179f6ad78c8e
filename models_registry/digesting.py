"""The digest of a model version: over its files, read by us, or over what MLflow says of it.

``gatehouse.model-files/v1``: SHA-256 of the canonical JSON of ``{"model": "gatehouse.model-files/v1",
"files": [{"path", "size", "sha256"}, …]}``, files in the order of their paths. Whoever has the files can
compute it again.
"""

import hashlib
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from django.conf import settings

from audit.canonical import canonical
from models_registry.clients.port import ModelRegistry, RegistryRefused
from models_registry.models import ModelVersion

MLMODEL: Final = "MLmodel"
LARGEST_MLMODEL: Final = 1024 * 1024
"""Bytes of the MLmodel file that are parsed; a larger one is hashed only."""
LARGEST_WHOLE: Final = 2**53 - 1
"""A larger number is kept as text: not everybody who reads JSON can hold it."""
#: What PyYAML raises beside its own errors for odd values: a date that is none, `!!bool maybe`, deep nesting.
_UNREADABLE: Final = (
    yaml.YAMLError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    TypeError,
    RecursionError,
)
#: Aliases let a small file stand for an endless value; nobody reads more of it than this.
_SHORTLY: Final = reprlib.Repr()
_SHORTLY.maxlevel = 4
_SHORTLY.maxdict = _SHORTLY.maxlist = _SHORTLY.maxtuple = _SHORTLY.maxset = 20
_SHORTLY.maxstring = _SHORTLY.maxother = 200


class _Loader(yaml.SafeLoader):
    """Plain values, and no merge keys: nested, they grow without end, and MLflow writes none."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave ``<<`` where it is; it is refused as a key that nobody knows."""


@dataclass
class FilesRead:
    """What became of reading a version's files.

    Attributes:
        uri: where they lie.
        sentence: what the digest stands on, or why they could not be read.
        files: each with its digest; None if they could not be read.
        description: the MLmodel file as a mapping; empty without one.
        remarks: what is odd about them.
    """

    uri: str
    sentence: str
    files: list[dict[str, Any]] | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def size(self) -> int | None:
        """Bytes of all of them."""
        return None if self.files is None else sum(each["size"] for each in self.files)


def read_files(
    client: ModelRegistry, uri: str, *, tell: Callable[[], None] = lambda: None
) -> FilesRead:
    """Read the files of a version and compute their digests, one block at a time.

    Args:
        tell: called after each block, to renew a lease.

    Raises:
        RegistryUnavailable: MLflow did not answer; trying again may help.
    """
    if not uri:
        return FilesRead(uri, "MLflow does not say where the files lie, so they were not read.")
    if not client.can_read(uri):
        scheme = uri.partition(":")[0]
        return FilesRead(
            uri,
            f"The files lie at {scheme}:…, where MLflow does not hand them out, so they were not read.",
        )
    try:
        return _read(client, uri, tell)
    except RegistryRefused as refusal:
        return FilesRead(uri, f"The files could not be read: {refusal.sentence}")


def digest_of_files(files: list[dict[str, Any]]) -> str:
    """Return the digest of a model by its files."""
    return _digest({"model": "gatehouse.model-files/v1", "files": files})


def digest_of_record(version: ModelVersion) -> str:
    """Return the digest of what MLflow says about a version whose files could not be read."""
    registered = version.registered_at
    return _digest(
        {
            "model": "gatehouse.model-record/v1",
            "registry": version.model.registry.tracking_url,
            "name": version.model.name,
            "version": version.number,
            "registered_at": registered.isoformat() if registered else None,
            "source": version.source,
            "run": version.run_id,
        }
    )


def flavours_of(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flavours of an MLmodel file, each with its plain members."""
    flavours = description.get("flavors")
    if not isinstance(flavours, dict):
        return {}
    return {
        _words(name)[:100]: {_words(key)[:100]: _plain(value) for key, value in members.items()}
        for name, members in list(flavours.items())[:50]
        if isinstance(members, dict)
    }


def signature_of(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs, outputs and parameters of an MLmodel file: ``[{"name", "type"}, …]`` each."""
    signature = description.get("signature")
    if not isinstance(signature, dict):
        return {}
    parts = {part: _columns(signature.get(part)) for part in ("inputs", "outputs", "params")}
    return {part: columns for part, columns in parts.items() if columns}


def _read(client: ModelRegistry, uri: str, tell: Callable[[], None]) -> FilesRead:
    listed = client.files(uri)
    if not listed:
        return FilesRead(
            uri, "MLflow lists no files of this version, so there was nothing to read."
        )
    limit = settings.MODEL_FILES_MAX_BYTES
    announced = sum(file.size or 0 for file in listed)
    too_large = f"The files have more than {limit} bytes, which is the most that Gatehouse reads of a model."
    if announced > limit:
        return FilesRead(uri, too_large)
    read = FilesRead(uri, "")
    read.files, size = [], 0
    for file in listed:
        digest, length, kept = hashlib.sha256(), 0, b""
        for block in client.read(uri, file.path):
            digest.update(block)
            length += len(block)
            size += len(block)
            if size > limit:
                return FilesRead(uri, too_large)
            if file.path == MLMODEL and length <= LARGEST_MLMODEL:
                kept += block
            tell()
        read.files.append({"path": file.path, "size": length, "sha256": digest.hexdigest()})
        if file.path == MLMODEL:
            read.description = _described(kept, read.remarks)
    read.sentence = f"The digest is over the model's {len(read.files)} files, {size} bytes."
    return read


def _described(raw: bytes, remarks: list[str]) -> Mapping[str, Any]:
    try:
        document = _yaml(raw.decode())
    except _UNREADABLE:
        document = None
    if isinstance(document, dict):
        return document
    remarks.append("Its MLmodel file is not YAML, so flavours and signature are unknown.")
    return {}


def _yaml(said: str) -> Any:
    return yaml.load(said, Loader=_Loader)  # noqa: S506 -- a safe loader


def _columns(said: object) -> list[dict[str, str]]:
    if isinstance(said, str):
        try:
            said = _yaml(said)  # JSON inside of YAML
        except _UNREADABLE:
            return []
    rows = [row for row in said if isinstance(row, dict)] if isinstance(said, list) else []
    return [{"name": _words(row.get("name")), "type": _type_of(row)} for row in rows[:1000]]


def _type_of(row: Mapping[str, Any]) -> str:
    tensor = row.get("tensor-spec")
    if isinstance(tensor, dict):
        return f"tensor {_words(tensor.get('dtype'))} {_words(tensor.get('shape'))}"
    return _words(row.get("type"))


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return value if isinstance(value, int) and abs(value) <= LARGEST_WHOLE else _words(value)


def _words(value: object) -> str:
    """Return a value of the file as text that PostgreSQL can keep, however odd and however large it is."""
    if value is None:
        return ""
    try:
        said = value if isinstance(value, str) else _SHORTLY.repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        said = "a number too large to be written"
    return said[:500].encode("utf-8", "replace").decode().replace("\x00", "�")


def _digest(document: dict[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(canonical(document)).hexdigest()}"
