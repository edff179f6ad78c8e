"""What the portal asks a model registry, and what it gets: plain data, no SDK types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class RegistryError(Exception):
    """The registry was of no use; ``sentence`` says why, for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class RegistryUnavailable(RegistryError):
    """No answer, or none that makes sense. Trying again may help."""


class RegistryRefused(RegistryError):
    """A definite no: wrong credentials, a forbidden address, a call that it does not know."""


@dataclass(frozen=True)
class ModelSeen:
    """A registered model, as the registry shows it now."""

    name: str
    created_at: datetime | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    """Digest of everything that the registry says of it."""


@dataclass(frozen=True)
class VersionSeen:
    """A model version, as the registry shows it now."""

    model: str
    number: int
    created_at: datetime | None = None
    status: str = ""
    stage: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    source: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    registered_by: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class RunSeen:
    """A training run."""

    run_id: str
    name: str = ""
    experiment_id: str = ""
    status: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    user: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """In the form of ``ModelVersion.metrics``."""
    datasets: list[dict[str, Any]] = field(default_factory=list)
    """In the form of ``ModelVersion.datasets``."""


@dataclass(frozen=True)
class FileSeen:
    """A file of a model: its path below the model, and its size in bytes if the registry says."""

    path: str
    size: int | None = None


class ModelRegistry(Protocol):
    """The few calls that the portal needs. Every one of them waits for the network: no transaction around it.

    Every call may raise RegistryUnavailable and RegistryRefused.
    """

    def model_pages(self) -> Iterator[Sequence[ModelSeen]]:
        """Yield all registered models in the registry's order of names, aliases included."""

    def model(self, name: str) -> ModelSeen | None:
        """Return one registered model; None when the registry says that there is none."""

    def version_pages(self, about: int = 0) -> Iterator["VersionPage"]:
        """Yield all versions in the order of names and numbers; ``about``: how many there probably are."""

    def versions_of(self, name: str) -> list[VersionSeen]:
        """Return all versions of one model."""

    def version(self, name: str, number: int) -> VersionSeen | None:
        """Return one version; None when the registry says that there is none."""

    def runs(self, ids: Sequence[str]) -> dict[str, RunSeen]:
        """Return the runs that exist, by id."""

    def logged_metrics(self, model_id: str) -> list[dict[str, Any]]:
        """Return what runs measured of a logged model, in the form of ``ModelVersion.metrics`` with ``run``.

        Every value of every run, its own among them; nothing when there is no such model.
        """

    def download_uri(self, name: str, number: int) -> str:
        """Return where the files of a version lie."""

    def files(self, uri: str) -> list[FileSeen]:
        """Return the files below an address that ``can_read`` says yes to."""

    def can_read(self, uri: str) -> bool:
        """Return whether files there can be read through the registry."""

    def read(self, uri: str, path: str) -> Iterator[bytes]:
        """Yield the bytes of one file."""

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Point the alias at the version."""


class VersionPage(Protocol):
    """One page of versions, parsed only when somebody wants to know."""

    @property
    def digest(self) -> str:
        """Digest of the answer's bytes: the same bytes say the same."""

    @property
    def versions(self) -> Sequence[VersionSeen]:
        """What it holds."""

    @property
    def keys(self) -> Sequence[tuple[str, int]]:
        """Model and number of each."""
