"""An API server as the official client reaches it: ask, list in pages, apply, hold until something happens.

One client per cluster and process: it holds a connection pool and, with TLS, a context that are dear to make.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kubernetes import client
from urllib3.exceptions import HTTPError

from deployments.clients import answers, manifests, reading
from deployments.clients.cluster import (
    FIELD_MANAGER,
    ClusterRefused,
    ClusterUnavailable,
    Workload,
)
from deployments.clients.connection import CONNECT_SECONDS, READ_SECONDS

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"
JSON = "application/json"
PAGE = 500
"""Objects per page of a list."""


class ApiServer:
    """What every call of the port is made of."""

    def __init__(self, api: client.ApiClient, *, read_seconds: float = READ_SECONDS) -> None:
        self._api = api
        self._read_seconds = read_seconds
        self._host: str = api.configuration.host
        self._now = datetime.now(UTC)

    def __repr__(self) -> str:
        return f"KubernetesCluster({self._host!r})"

    def _live(self, workload: Workload) -> Object:
        return self._ask("GET", manifests.path_of(workload), about=str(workload))

    def _apply(self, workload: Workload, body: Object, *, dry_run: bool, force: bool) -> Object:
        query = [("fieldManager", FIELD_MANAGER), ("force", "true" if force else "false")]
        if dry_run:
            query.append(("dryRun", "All"))
        path = manifests.path_of(workload)
        return self._ask(
            "PATCH", path, query=query, body=body, content_type=APPLY, about=str(workload)
        )

    def _pods(self, live: Object, workload: Workload) -> tuple[list[Object], list[Object]]:
        """List a workload's pods, and of these the ones of its present revision."""
        selected = [("labelSelector", reading.selector_of(live))]
        inside = f"namespaces/{workload.namespace}"
        listed = list(self._list(f"/apis/apps/v1/{inside}/replicasets", selected))
        owned = reading.owned_by(listed, [live])
        pods = reading.owned_by(self._list(f"/api/v1/{inside}/pods", selected), owned)
        present = reading.present_revision(live, owned)
        return pods, reading.owned_by(pods, [present] if present else [])

    def _list(self, path: str, query: list[tuple[str, str]] | None = None) -> Iterator[Object]:
        """List in pages. A list that became too old on the way begins again only next time."""
        following = ""
        while True:
            paged = [*(query or []), ("limit", str(PAGE))]
            if following:
                paged.append(("continue", following))
            page = self._ask("GET", path, query=paged, about=path)
            yield from page.get("items") or []
            following = (page.get("metadata") or {}).get("continue") or ""
            if not following:
                return

    def _await_change(self, workload: Workload, since: str, seconds: float) -> None:
        """Watch until something happens to the workload, or until the time is over."""
        query = [
            ("watch", "true"),
            ("fieldSelector", f"metadata.name={workload.name}"),
            ("resourceVersion", since),
            ("timeoutSeconds", str(max(1, round(seconds)))),
        ]
        path = manifests.collection(workload.kind, workload.namespace)
        try:
            response = self._send("GET", path, query=query, read_seconds=seconds)
        except HTTPError:
            # Nothing happened in time, or nobody is there: the look that follows finds out which.
            return
        try:
            if response.status == 200:  # noqa: PLR2004 -- OK
                next(response.response.stream(65_536), None)
        except HTTPError:
            return
        finally:
            # An open watch would go on streaming into a connection that others would then get.
            response.response.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        about: str,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Object:
        try:
            response = self._send(method, path, query=query, body=body, content_type=content_type)
            raw = response.read()
        except HTTPError as error:
            raise answers.not_reached(self._host, error) from error
        except client.ApiException as error:
            # The client's own wrapping of a failed TLS handshake.
            raise ClusterRefused(f"The cluster at {self._host}: {error.reason}") from error
        self._note_time(response.getheader("date"))
        text = (raw or b"").decode("utf-8", "replace")
        if not 200 <= response.status < 300:  # noqa: PLR2004 -- the statuses of success
            raise answers.refusal(self._host, response.status, text, about)
        return self._read(text)

    def _read(self, text: str) -> Object:
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise ClusterUnavailable(
                f"{self._host} answered something that is not JSON; is that the API server?"
            ) from error
        if not isinstance(answer, dict):
            raise ClusterUnavailable(f"{self._host} answered something that is no object.")
        return answer

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
        read_seconds: float | None = None,
    ) -> Any:
        headers = {"Accept": JSON}
        if body is not None:
            headers["Content-Type"] = content_type
        request = self._api.param_serialize(
            method,
            path,
            query_params=list(query or []),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        timeout = (CONNECT_SECONDS, read_seconds or self._read_seconds)
        return self._api.call_api(*request, _request_timeout=timeout)

    def _note_time(self, date: str | None) -> None:
        """Keep the cluster's own time: ages of pods are judged by its clock, not by ours."""
        self._now = parsedate_to_datetime(date) if date else datetime.now(UTC)
