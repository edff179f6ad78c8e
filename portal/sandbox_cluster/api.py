"""The API server's HTTP side: routes, discovery, and every verb on every kind."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from portal.sandbox_cluster import deletion, errors, listing, resources, verbs
from portal.sandbox_cluster.admin import Admin
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.errors import StatusError
from portal.sandbox_cluster.guard import Guard
from portal.sandbox_cluster.requests import (
    Target,
    name_it,
    read_body,
    read_json,
    read_options,
    read_path,
)
from portal.sandbox_cluster.snapshot import Snapshot
from portal.sandbox_cluster.watching import Watch

Object = dict[str, Any]
logger = logging.getLogger(__name__)

VERSION = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.0+gatehouse.sandbox",
    "gitTreeState": "clean",
    "compiler": "none",
    "platform": "sandbox",
}
"""The version whose behaviour the sandbox follows."""

PATCHES = (verbs.MERGE_PATCH, verbs.STRATEGIC_PATCH, verbs.APPLY_PATCH)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Api:
    """What happens with a request to ``/api`` and ``/apis``."""

    def __init__(self, cluster: Cluster, snapshot: Snapshot) -> None:
        self._store = cluster.store
        self._snapshot = snapshot
        self._verbs: dict[tuple[str, bool], Callable[[Request, Target], Awaitable[Response]]] = {
            ("GET", False): self._list,
            ("GET", True): self._get,
            ("POST", False): self._create,
            ("PUT", True): self._replace,
            ("PATCH", True): self._patch,
            ("DELETE", True): self._delete,
            ("DELETE", False): self._delete_many,
        }

    async def __call__(self, request: Request) -> Response:
        target = read_path(request.url.path)
        verb = self._verbs.get((request.method, bool(target.name)))
        if verb is None or (target.subresource and request.method in {"POST", "DELETE"}):
            raise errors.method_not_allowed()
        return await verb(request, target)

    async def _get(self, request: Request, target: Target) -> Response:
        if request.query_params.get("watch") in {"true", "1"}:
            return self._watch(request, target)
        return JSONResponse(self._store.get(target.resource, target.namespace, target.name))

    async def _list(self, request: Request, target: Target) -> Response:
        if request.query_params.get("watch") in {"true", "1"}:
            return self._watch(request, target)
        return JSONResponse(listing.listing(self._store, target, request.query_params))

    def _watch(self, request: Request, target: Target) -> Response:
        watch = Watch(self._store, target, request.query_params)
        return StreamingResponse(watch.lines(), media_type="application/json")

    async def _create(self, request: Request, target: Target) -> Response:
        options = read_options(request.query_params, _user_agent(request))
        if target.resource.namespaced and not target.namespace:
            raise errors.method_not_allowed()
        body = read_body(target, await request.body())
        created = verbs.create(self._store, target, body, options)
        return await self._kept(created, HTTPStatus.CREATED)

    async def _replace(self, request: Request, target: Target) -> Response:
        options = read_options(request.query_params, _user_agent(request))
        body = read_body(target, await request.body())
        return await self._kept(verbs.replace(self._store, target, body, options))

    async def _patch(self, request: Request, target: Target) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if content_type not in PATCHES:
            raise errors.unsupported_media_type(content_type, list(PATCHES))
        is_apply = content_type == verbs.APPLY_PATCH
        options = read_options(request.query_params, _user_agent(request), apply=is_apply)
        raw = await request.body()
        body = read_body(target, raw, apply=True) if is_apply else read_json(raw)
        if not isinstance(body, dict):
            raise errors.bad_request("a patch must be an object")
        if not is_apply and "metadata" in body:
            name_it(target, {**body, "metadata": dict(body["metadata"] or {})})
        patched, is_new = verbs.patch(self._store, target, content_type, body, options)
        return await self._kept(patched, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def _delete(self, request: Request, target: Target) -> Response:
        options = await _delete_options(request)
        return await self._kept(deletion.delete(self._store, target, options))

    async def _delete_many(self, request: Request, target: Target) -> Response:
        options = await _delete_options(request)
        listed = listing.listing(self._store, target, request.query_params)
        for item in listed["items"]:
            metadata = item["metadata"]
            one = Target(target.resource, metadata.get("namespace", ""), metadata["name"])
            deletion.delete(self._store, one, options)
        return await self._kept(listed)

    async def _kept(self, body: Object, status: int = HTTPStatus.OK) -> Response:
        """Answer a write when it is on disk."""
        await self._snapshot.keep()
        return JSONResponse(body, status)


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


async def _delete_options(request: Request) -> Object:
    raw = await request.body()
    return deletion.merged_options(request.query_params, read_json(raw) if raw else None)


async def _ok(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _version(_request: Request) -> Response:
    return JSONResponse(VERSION)


async def _discover(request: Request) -> Response:
    """Answer what kinds there are: ``/api``, ``/apis``, a group, a group's version."""
    parts = [part for part in request.url.path.split("/") if part]
    if parts == ["api"]:
        return JSONResponse({"kind": "APIVersions", "versions": ["v1"]})
    if parts == ["apis"]:
        return JSONResponse(resources.group_list())
    groups = {each["name"]: each for each in resources.group_list()["groups"]}
    if parts[0] == "apis" and len(parts) == 2:  # noqa: PLR2004 -- /apis/{group}
        if parts[1] not in groups:
            raise errors.no_such_path()
        return JSONResponse({"kind": "APIGroup", "apiVersion": "v1", **groups[parts[1]]})
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    found = resources.resource_list(group, version)
    if found is None:
        raise errors.no_such_path()
    return JSONResponse(found)


async def _review_access(request: Request) -> Response:
    """Answer a SelfSubjectAccessReview: whoever has the token may do everything."""
    body = read_json(await request.body())
    if not isinstance(body, dict) or not isinstance(body.get("spec"), dict):
        raise errors.bad_request("a SelfSubjectAccessReview needs a spec")
    review = {**body, "status": {"allowed": True, "reason": "the sandbox allows everything"}}
    return JSONResponse(review, HTTPStatus.CREATED)


async def _answer_refusal(_request: Request, error: Exception) -> Response:
    if not isinstance(error, StatusError):
        logger.error("The sandbox cluster stumbled", exc_info=error)
        error = StatusError(500, "InternalError", f"Internal error occurred: {error!r}")
    headers = {"Retry-After": "1"} if error.code == HTTPStatus.TOO_MANY_REQUESTS else None
    return JSONResponse(error.as_json(), error.code, headers)


def build(cluster: Cluster, snapshot: Snapshot, *, token: str = "") -> Guard:
    """Put the application together."""
    admin = Admin(cluster)
    routes = [
        Route("/livez", _ok),
        Route("/readyz", _ok),
        Route("/healthz", _ok),
        Route("/version", _version),
        Route("/version/", _version),
        Route("/api", _discover),
        Route("/apis", _discover),
        Route("/apis/{group}", _discover),
        Route("/api/{version}", _discover),
        Route("/apis/{group}/{version}", _discover),
        Route(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            _review_access,
            methods=["POST"],
        ),
        *admin.routes(),
        Route("/{path:path}", Api(cluster, snapshot).__call__, methods=METHODS),
    ]
    handlers: Any = {StatusError: _answer_refusal, Exception: _answer_refusal}
    application = Starlette(routes=routes, exception_handlers=handlers)
    return Guard(application, cluster.faults, token)
