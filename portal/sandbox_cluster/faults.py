"""Everything that may go wrong, on request: images that do not start, an API that does not answer.

Image faults are matched by digest or by repository. For demos without an admin call, a repository
whose last part begins with ``broken-`` has the fault that its name says (see ``NAMED``).
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.sandbox_cluster.errors import bad_request
from portal.sandbox_cluster.images import Image

MODEL_KINDS = ("model_load",)
IMAGE_KINDS = ("image_pull", "crash_loop", "never_ready", "wrong_digest")
API_KINDS = ("hang", "error", "close", "slow")
ALL_KINDS = (*IMAGE_KINDS, *MODEL_KINDS, *API_KINDS)

NAMED = {
    "broken-image": "image_pull",
    "broken-crash": "crash_loop",
    "broken-ready": "never_ready",
    "broken-digest": "wrong_digest",
}
"""What a repository's last part begins with, and its fault; any other ``broken-`` crashes."""

_TEXTS = ("repository", "digest", "address", "message", "method", "path")
_NUMBERS = ("exit_code", "status", "requests", "seconds", "delay")


@dataclass
class Fault:
    """One thing that goes wrong. Empty ``repository`` and ``digest`` match nothing."""

    kind: str
    repository: str = ""
    """An image's repository, whole or its last part."""
    digest: str = ""
    address: str = ""
    """A part of the address of a model."""
    message: str = ""
    exit_code: int = 1
    status: int = 503
    """What an ``error`` of the API answers: 500, 503, 429 …"""
    requests: int | None = None
    """An API fault ends after so many requests …"""
    seconds: float | None = None
    """… or after so much time; with neither it stays until it is deleted."""
    delay: float = 1.0
    """How long ``slow`` waits before it answers."""
    method: str = ""
    path: str = ""
    """An API fault strikes only requests of this method whose path contains this."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    ends_at: float | None = None

    def strikes_image(self, image: Image) -> bool:
        if self.kind not in IMAGE_KINDS:
            return False
        if self.digest:
            return self.digest == image.digest
        whole = image.repository
        return bool(self.repository) and self.repository in {whole, whole.rpartition("/")[2]}

    def strikes_model(self, address: str) -> bool:
        return self.kind in MODEL_KINDS and self.address in address

    def strikes_request(self, method: str, path: str) -> bool:
        if self.kind not in API_KINDS:
            return False
        return self.method.upper() in {"", method} and self.path in path

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "ends_at"}


class Faults:
    """The catalogue of what is wrong at the moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._faults: dict[str, Fault] = {}

    def declare(self, body: Any) -> Fault:
        """Add a fault from the body of ``POST /sandbox/v1/faults``. Raise 400 for nonsense."""
        fault = _read(body)
        if fault.seconds is not None:
            fault.ends_at = self._clock() + fault.seconds
        self._faults[fault.id] = fault
        return fault

    def lift(self, fault_id: str) -> bool:
        return self._faults.pop(fault_id, None) is not None

    def lift_all(self) -> None:
        self._faults.clear()

    def all(self) -> list[Fault]:
        present = self._clock()
        ended = [
            f.id for f in self._faults.values() if f.ends_at is not None and f.ends_at < present
        ]
        for fault_id in ended:
            del self._faults[fault_id]
        return list(self._faults.values())

    def of_image(self, image: Image) -> Fault | None:
        """Find what is wrong with an image; what was declared goes before what its name says."""
        for fault in self.all():
            if fault.strikes_image(image):
                return fault
        name = image.repository.rpartition("/")[2]
        if not name.startswith("broken-"):
            return None
        kinds = (kind for prefix, kind in NAMED.items() if name.startswith(prefix))
        return Fault(next(kinds, "crash_loop"))

    def of_model(self, address: str) -> Fault | None:
        """Find why a model's files cannot be loaded; a path is none of an object store's."""
        for fault in self.all():
            if fault.strikes_model(address):
                return fault
        if "://" not in address:
            return Fault("model_load", message=f"Local path {address} does not exist.")
        if "/broken-" in address:
            return Fault(
                "model_load", message=f"Failed to fetch model. No model found in {address}."
            )
        return None

    def of_request(self, method: str, path: str) -> Fault | None:
        """Find what befalls a request, and count it."""
        for fault in self.all():
            if fault.strikes_request(method, path):
                if fault.requests is not None:
                    fault.requests -= 1
                    if fault.requests <= 0:
                        self.lift(fault.id)
                return fault
        return None


def _read(body: Any) -> Fault:
    _check_fields(body)
    if body["kind"] in IMAGE_KINDS and not (body.get("repository") or body.get("digest")):
        raise bad_request("an image fault needs a repository or a digest")
    if body["kind"] in MODEL_KINDS and not body.get("address"):
        raise bad_request("a model fault needs an address")
    return Fault(**body)


def _check_fields(body: Any) -> None:
    if not isinstance(body, dict) or body.get("kind") not in ALL_KINDS:
        raise bad_request(f"kind must be one of {', '.join(ALL_KINDS)}")
    unknown = set(body) - {"kind", *_TEXTS, *_NUMBERS}
    if unknown:
        raise bad_request(f"unknown: {', '.join(sorted(unknown))}")
    for name in _TEXTS:
        if not isinstance(body.get(name, ""), str):
            raise bad_request(f"{name} must be a string")
    for name in _NUMBERS:
        value = body.get(name, 0)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise bad_request(f"{name} must be a number of zero or more")
