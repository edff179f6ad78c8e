"""MLflow behind the port. Imported in workers only: its client takes a second and 70 MB to load."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.conf import settings

from models_registry.clients.paging import Answer, Ask, one_by_one, several_at_once
from models_registry.clients.port import (
    FileSeen,
    ModelSeen,
    RegistryRefused,
    RegistryUnavailable,
    RunSeen,
    VersionSeen,
)
from models_registry.clients.reading import (
    document_of,
    listed,
    logged_metrics_of,
    model_of,
    run_of,
    text,
    version_of,
    whole,
)
from models_registry.clients.secrets import secret_of
from models_registry.clients.transport import Transport

MODELS_PER_PAGE: Final = 1000
"""The most that MLflow gives (SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD)."""
VERSIONS_PER_PAGE: Final = 2_500
"""Far from the most that MLflow gives (200,000): several of its workers make a page each at once."""
VERSIONS_OF_MODEL: Final = 10_000
RUNS_PER_CALL: Final = 200
ONE_BY_ONE: Final = 8
"""Up to so many runs are asked for by name; more are searched for."""
MOST_FILES: Final = 10_000
DEEPEST: Final = 20
_API: Final = "/api/2.0/mlflow"
_FILES: Final = "/api/2.0/mlflow-artifacts/artifacts"
_PROXIED: Final = "mlflow-artifacts"
# Rows that are added meanwhile come after those already read, or are read twice; never skipped.
_IN_ORDER: Final = ["name ASC", "version_number ASC"]


def connect(tracking_url: str, credentials: str) -> "MlflowRegistry":
    """Return the registry at an address; ``credentials`` names the file with its secret, if it needs one.

    Raises:
        RegistryRefused: the secret cannot be read.
    """
    user = password = token = ""
    if credentials:
        secret = secret_of(credentials)
        user, colon, password = secret.partition(":")
        if not colon:
            user, token = "", secret
    host, authorities = tracking_url.rstrip("/"), settings.MLFLOW_CA_FILE
    return MlflowRegistry(Transport(host, user, password, token, authorities))


@dataclass(frozen=True)
class MlflowVersionPage:
    """One answer of ``model-versions/search``."""

    document: dict[str, Any]
    digest: str

    @cached_property
    def versions(self) -> Sequence[VersionSeen]:
        """What it holds."""
        return [version_of(row) for row in listed(self.document, "model_versions")]

    @cached_property
    def keys(self) -> Sequence[tuple[str, int]]:
        """Model and number of each."""
        rows = listed(self.document, "model_versions")
        return [(text(row.get("name")), whole(row.get("version")) or 0) for row in rows]


class MlflowRegistry:
    """The port's calls on MLflow's REST interface."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def model_pages(self) -> Iterator[Sequence[ModelSeen]]:
        """Yield all registered models, aliases included."""
        asked = {"max_results": MODELS_PER_PAGE, "order_by": ["name ASC"]}
        for answer in one_by_one(self._asking("registered-models/search", asked)):
            yield [model_of(row) for row in listed(answer.document, "registered_models")]

    def model(self, name: str) -> ModelSeen | None:
        """Return one registered model; None when there is none."""
        document = self._one("registered-models/get", {"name": name})
        return model_of(_held(document, "registered_model")) if document is not None else None

    def version_pages(self, about: int = 0) -> Iterator[MlflowVersionPage]:
        """Yield all versions in the order of names and numbers.

        Raises:
            RegistryUnavailable: the pages have no end.
        """
        asked = {"max_results": VERSIONS_PER_PAGE, "order_by": _IN_ORDER}
        ask = self._asking("model-versions/search", asked)
        for answer in several_at_once(ask, size=VERSIONS_PER_PAGE, about=about):
            page = MlflowVersionPage(answer.document, answer.digest)
            if answer.token and not page.keys:
                raise RegistryUnavailable(
                    "MLflow's pages run in a circle: one without any version names a next one."
                )
            yield page

    def versions_of(self, name: str) -> list[VersionSeen]:
        """Return all versions of one model."""
        if '"' in name:  # MLflow's filters have no way to write it inside of a name
            pages = self.version_pages()
            return [each for page in pages for each in page.versions if each.model == name]
        asked = {
            "max_results": VERSIONS_OF_MODEL,
            "order_by": _IN_ORDER,
            "filter": f'name="{name}"',
        }
        return [
            version_of(row)
            for answer in one_by_one(self._asking("model-versions/search", asked))
            for row in listed(answer.document, "model_versions")
        ]

    def version(self, name: str, number: int) -> VersionSeen | None:
        """Return one version; None when there is none."""
        document = self._one("model-versions/get", {"name": name, "version": str(number)})
        return version_of(_held(document, "model_version")) if document is not None else None

    def runs(self, ids: Sequence[str]) -> dict[str, RunSeen]:
        """Return the runs that exist, by id."""
        wanted = sorted({each for each in ids if _is_plain(each)})
        if len(wanted) <= ONE_BY_ONE:
            return {run_id: run for run_id in wanted if (run := self._run(run_id))}
        experiments = self._experiments()
        found: dict[str, RunSeen] = {}
        for start in range(0, len(wanted), RUNS_PER_CALL):
            found |= self._searched(wanted[start : start + RUNS_PER_CALL], experiments)
        return found

    def logged_metrics(self, model_id: str) -> list[dict[str, Any]]:
        """Return what runs measured of a logged model of MLflow 3; nothing when there is none."""
        document = self._one(f"logged-models/{model_id}", {}) if _is_plain(model_id) else None
        return logged_metrics_of(_held(document, "model")) if document is not None else []

    def download_uri(self, name: str, number: int) -> str:
        """Return where the files of a version lie; empty when MLflow does not say."""
        asked = {"name": name, "version": str(number)}
        document = self._one("model-versions/get-download-uri", asked)
        return text((document or {}).get("artifact_uri"))

    def can_read(self, uri: str) -> bool:
        """Return whether the tracking server hands out the files itself."""
        return urlsplit(uri).scheme == _PROXIED

    def files(self, uri: str) -> list[FileSeen]:
        """Return the files below an address.

        Raises:
            RegistryRefused: there are more than ``MOST_FILES`` with folders, or deeper ones than ``DEEPEST``.
        """
        found: list[FileSeen] = []
        folders, seen = [("", 0)], 0
        while folders:
            folder, depth = folders.pop()
            for row in self._listed_files(uri, folder):
                path = f"{folder}/{text(row.get('path'))}".lstrip("/")
                _refuse_path(path)
                seen += 1
                if row.get("is_dir"):
                    folders.append((path, depth + 1))
                else:
                    found.append(FileSeen(path, whole(row.get("file_size"))))
            if seen > MOST_FILES or depth > DEEPEST:
                raise RegistryRefused(
                    f"The model has more than {MOST_FILES} files and folders, or {DEEPEST} levels of them."
                )
        return sorted(found, key=lambda file: file.path)

    def read(self, uri: str, path: str) -> Iterator[bytes]:
        """Yield the bytes of one file."""
        yield from self.transport.stream(f"{_FILES}/{quote(f'{_path_of(uri)}/{path}'.lstrip('/'))}")

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Point the alias at the version.

        Raises:
            RegistryRefused: there is no such version any more.
        """
        body = {"name": name, "alias": alias, "version": str(number)}
        if self.transport.post(f"{_API}/registered-models/alias", body) is None:
            raise RegistryRefused(f"MLflow has no version {number} of {name} any more.")

    def _asking(self, call: str, asked: dict[str, Any], *, post: bool = False) -> Ask:
        """Return what asks for one page of a list."""
        send = self.transport.post if post else self.transport.get

        def ask(token: str) -> Answer:
            raw = send(f"{_API}/{call}", {**asked, **({"page_token": token} if token else {})})
            if raw is None:
                raise RegistryRefused(f"MLflow does not know the call {call}.")
            document = document_of(raw, call)
            digest = blake2b(raw, digest_size=16).hexdigest()
            return Answer(document, digest, text(document.get("next_page_token")))

        return ask

    def _one(self, call: str, asked: dict[str, str]) -> dict[str, Any] | None:
        raw = self.transport.get(f"{_API}/{call}", asked)
        return None if raw is None else document_of(raw, call)

    def _run(self, run_id: str) -> RunSeen | None:
        document = self._one("runs/get", {"run_id": run_id})
        return run_of(_held(document, "run")) if document is not None else None

    def _searched(self, ids: Sequence[str], experiments: list[str]) -> dict[str, RunSeen]:
        quoted = ",".join(f"'{each}'" for each in ids)
        asked = {
            "experiment_ids": experiments,
            "filter": f"attributes.run_id IN ({quoted})",
            "run_view_type": "ALL",
            "max_results": len(ids),
        }
        runs = [
            run_of(row)
            for answer in one_by_one(self._asking("runs/search", asked, post=True))
            for row in listed(answer.document, "runs")
        ]
        return {run.run_id: run for run in runs}

    def _experiments(self) -> list[str]:
        asked = {"max_results": 10_000, "view_type": "ALL"}
        return [
            text(row.get("experiment_id"))
            for answer in one_by_one(self._asking("experiments/search", asked))
            for row in listed(answer.document, "experiments")
        ]

    def _listed_files(self, uri: str, folder: str) -> list[dict[str, Any]]:
        path = f"{_path_of(uri)}/{folder}".strip("/")
        raw = self.transport.get(_FILES, {"path": path})
        return listed(document_of(b"{}" if raw is None else raw, "mlflow-artifacts"), "files")


def _held(document: dict[str, Any] | None, key: str) -> dict[str, Any]:
    inner = (document or {}).get(key)
    if not isinstance(inner, dict):
        raise RegistryUnavailable(f"MLflow's answer does not hold a {key.replace('_', ' ')}.")
    return inner


def _path_of(uri: str) -> str:
    return urlsplit(uri).path.strip("/")


def _refuse_path(path: str) -> None:
    if ".." in path.split("/") or not path:
        raise RegistryRefused(f"MLflow lists a file with the path {path!r}, which is none.")


def _is_plain(run_id: str) -> bool:
    return bool(run_id) and run_id.replace("-", "").replace("_", "").isalnum()
