"""The sandbox's own endpoint, ``/sandbox/v1/``: faults, pause, compaction."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.sandbox_cluster import errors
from portal.sandbox_cluster.cluster import Cluster
from portal.sandbox_cluster.requests import read_json


class Admin:
    """The calls by which a test or a demo makes things go wrong."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/v1/faults", self.list_faults, methods=["GET"]),
            Route("/sandbox/v1/faults", self.declare_fault, methods=["POST"]),
            Route("/sandbox/v1/faults", self.lift_faults, methods=["DELETE"]),
            Route("/sandbox/v1/faults/{fault_id}", self.lift_fault, methods=["DELETE"]),
            Route("/sandbox/v1/controller", self.steer, methods=["PUT"]),
            Route("/sandbox/v1/compact", self.compact, methods=["POST"]),
        ]

    async def list_faults(self, request: Request) -> Response:
        faults = [fault.as_json() for fault in self._cluster.faults.all()]
        return JSONResponse({"faults": faults, "paused": self._cluster.paused})

    async def declare_fault(self, request: Request) -> Response:
        fault = self._cluster.faults.declare(read_json(await request.body()))
        return JSONResponse(fault.as_json(), HTTPStatus.CREATED)

    async def lift_faults(self, request: Request) -> Response:
        self._cluster.faults.lift_all()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def lift_fault(self, request: Request) -> Response:
        if not self._cluster.faults.lift(request.path_params["fault_id"]):
            raise errors.no_such_path()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def steer(self, request: Request) -> Response:
        """Pause the controllers and nodes with ``{"paused": true}``, or let them go on."""
        body: Any = read_json(await request.body())
        if not isinstance(body, dict) or not isinstance(body.get("paused"), bool):
            raise errors.bad_request("paused must be true or false")
        self._cluster.paused = body["paused"]
        self._cluster.store.wake()
        return JSONResponse({"paused": self._cluster.paused})

    async def compact(self, request: Request) -> Response:
        """Forget the history, so that older revisions are answered with 410."""
        self._cluster.store.compact()
        return JSONResponse({"compacted": self._cluster.store.compacted})
