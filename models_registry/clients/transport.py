"""HTTP to a tracking server through MLflow's own client (``mlflow-skinny``). Imported in workers only.

Of the client this uses the part that speaks HTTP: credentials, headers, its pool of connections. Answers
are read as plain JSON, bounded in size and time; MLflow's way through protocol buffers to objects takes
longer than its server.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import requests
from mlflow.exceptions import MlflowException
from mlflow.utils import request_utils
from mlflow.utils.rest_utils import MlflowHostCreds, http_request

from audit.outgoing import OutgoingRefused, OutgoingUnavailable
from models_registry.clients.guard import guard
from models_registry.clients.port import RegistryRefused, RegistryUnavailable
from models_registry.clients.reading import document_of

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 60.0
WHOLE_SECONDS: Final = 180.0
"""A page of 10,000 versions takes a tracking server a few seconds; on a busy one longer."""
LARGEST_ANSWER: Final = 256 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_SHOWN: Final = 200
_AGAIN: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_ABSENT: Final = "RESOURCE_DOES_NOT_EXIST"
# One of the sessions that MLflow's client keeps per process: the one for calls that it does not repeat.
_RETRIES: Final[dict[str, Any]] = {
    "max_retries": 0,
    "backoff_factor": 0,
    "backoff_jitter": 0.0,
    "retry_codes": frozenset(),
    "raise_on_status": False,
    "respect_retry_after_header": False,
}


_GUARDING: Final = threading.Lock()


@dataclass(frozen=True)
class Transport:
    """Calls one tracking server.

    Attributes:
        host: its address without a slash at the end.
        user, password, token: credentials; all empty where none are needed.
        authorities: a PEM file with who signs its certificate; empty: the system's.
    """

    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    authorities: str = ""

    def get(self, path: str, parameters: Mapping[str, Any]) -> bytes | None:
        """Return the bytes of an answer; None when MLflow says that the thing does not exist."""
        return self._answer("GET", path, params=dict(parameters))

    def post(self, path: str, body: Mapping[str, Any]) -> bytes | None:
        """The same for a call with a body."""
        return self._answer("POST", path, json=dict(body))

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file.

        Raises:
            RegistryRefused: it does not exist, or may not be read.
            RegistryUnavailable: no answer, or it breaks off.
        """
        response = self._call("GET", path, params={})
        with response:
            if response.status_code != HTTPStatus.OK:
                body = _whole(response, path)
                if _judge(response.status_code, body, path) is None:
                    raise RegistryRefused(f"MLflow has no file {path.rpartition('/')[2]!r}.")
            yield from _chunks(response, path)

    def _answer(self, method: str, path: str, **options: Any) -> bytes | None:
        with self._call(method, path, **options) as response:
            body = _whole(response, path)
        return _judge(response.status_code, body, path)

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        _guarded_session()
        try:
            response: requests.Response = http_request(
                self._credentials(),
                path,
                method,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **_RETRIES,
                **options,
            )
        except MlflowException as error:
            raise _of(error, self.host) from error
        return response

    def _credentials(self) -> MlflowHostCreds:
        return MlflowHostCreds(
            self.host,
            username=self.user or None,
            password=self.password or None,
            token=self.token or None,
            server_cert_path=self.authorities or None,
        )


def _guarded_session() -> None:
    """Let the session that the client will take go out guarded only."""
    session = request_utils._get_request_session(**_RETRIES)  # noqa: SLF001 -- no public way to it
    with _GUARDING:  # several pages are asked for at once, and none goes out unguarded
        if session.trust_env:
            guard(session)


def _chunks(response: requests.Response, path: str) -> Iterator[bytes]:
    deadline = time.monotonic() + WHOLE_SECONDS
    try:
        for chunk in response.iter_content(_CHUNK):
            yield chunk
            if time.monotonic() > deadline and len(chunk) < _CHUNK:
                raise RegistryUnavailable(f"MLflow's answer to {path} trickles; it was given up.")
    except requests.RequestException as error:
        raise RegistryUnavailable(
            f"MLflow's answer to {path} broke off: {type(error).__name__}."
        ) from error


def _whole(response: requests.Response, path: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for chunk in _chunks(response, path):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise RegistryUnavailable(
                f"MLflow's answer to {path} has more than {LARGEST_ANSWER} bytes; it was given up."
            )
    return b"".join(parts)


def _judge(status: int, body: bytes, path: str) -> bytes | None:
    """Return the body of a good answer, None for a thing that does not exist."""
    what = path.rpartition("/2.0/")[2]
    if status == HTTPStatus.OK:
        return body
    if status == HTTPStatus.NOT_FOUND and _code(body, what) == _ABSENT:
        return None
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _AGAIN:
        raise RegistryUnavailable(f"MLflow answered {what} with {status}{_words(body)}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise RegistryRefused(
            f"MLflow answered {what} with {status}: the registry's credentials do not suffice."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise RegistryRefused(
            f"MLflow answered {what} with a redirect, which is not followed: name the tracking "
            "server's own address."
        )
    raise RegistryRefused(f"MLflow answered {what} with {status}{_words(body)}")


def _code(body: bytes, what: str) -> str:
    try:
        return str(document_of(body, what).get("error_code", ""))
    except RegistryUnavailable:
        return ""


def _words(body: bytes) -> str:
    try:
        said = str(document_of(body, "").get("message", ""))
    except RegistryUnavailable:
        said = ""
    printable = "".join(each for each in said[:_SHOWN] if each.isprintable()).strip()
    return f": {printable}" if printable else "."


def _of(error: MlflowException, host: str) -> RegistryUnavailable | RegistryRefused:
    """Return what lies behind an error of the client: it wraps everything, our own refusal too."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OutgoingRefused):
            return RegistryRefused(cause.sentence)
        if isinstance(cause, OutgoingUnavailable):
            return RegistryUnavailable(cause.sentence)
        if isinstance(cause, requests.Timeout):
            return RegistryUnavailable(f"MLflow at {host} did not answer in time.")
        if isinstance(cause, requests.RequestException):
            return RegistryUnavailable(f"MLflow at {host} did not answer: {_brief(cause)}.")
        cause = cause.__cause__ or cause.__context__
    return RegistryUnavailable(f"MLflow at {host} did not answer: {type(error).__name__}.")


def _brief(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return {"ConnectionError": "the connection failed"}.get(
        type(error).__name__, type(error).__name__
    )
