"""A client of the REST API as CI and people would write it: HTTP, a token, nothing else."""

from typing import Any

import httpx


class Caller:
    """Somebody with a token."""

    def __init__(self, server: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=f"{server}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=40,
        )

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        return self._checked(self.http.get(path, params=query), status)

    def post(self, path: str, body: Any = None, status: int = 201, **more: Any) -> Any:
        return self._checked(self.http.post(path, json=body, **more), status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._checked(self.http.put(path, json=body), status)

    def upload(self, path: str, kind: str, content: bytes, status: int = 201) -> Any:
        files = {"file": (f"{kind}.bin", content)}
        return self._checked(self.http.post(path, data={"kind": kind}, files=files), status)

    @staticmethod
    def _checked(answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, (
            f"{answer.request.method} {answer.request.url} → {answer.status_code}: {answer.text}"
        )
        return answer.json() if answer.content else None
