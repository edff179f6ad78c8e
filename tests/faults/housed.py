"""The firm of the journeys in a house whose parts fail."""

import hashlib
import time
from dataclasses import dataclass, field

import httpx
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from tests import factories
from tests.journeys.firm import Firm


@dataclass
class HousedFirm(Firm):
    """A firm that also knows how to disturb its cluster, and whose people have browsers."""

    sessions: dict[str, str] = field(default_factory=dict)

    def sign_in(self, name: str) -> None:
        user = factories.person(name)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        self.sessions[name] = session.session_key

    def page(self, name: str, path: str, status: int = 200) -> httpx.Response:
        cookies = {"sessionid": self.sessions[name]}
        answer = httpx.get(f"{self.server}{path}", cookies=cookies, timeout=40)
        assert answer.status_code == status, answer.text[:2000]
        return answer

    @staticmethod
    def digests_of(version: str) -> set[str]:
        """What both images of a release have, as `build` makes them up."""
        return {
            f"sha256:{hashlib.sha256(f'{artifact}:{version}'.encode()).hexdigest()}"
            for artifact in ("payments-api", "payments-worker")
        }

    @staticmethod
    def until(condition, seconds: float = 45, every: float = 0.1):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := condition():
                return found
            time.sleep(every)
        raise AssertionError("It did not come to pass in time.")

    # ── the cluster ──────────────────────────────────────────────────────────────────────────────

    def fault(self, kind: str, **more) -> None:
        answer = httpx.post(f"{self.cluster}/sandbox/v1/faults", json={"kind": kind, **more})
        answer.raise_for_status()

    def lift(self) -> None:
        httpx.delete(f"{self.cluster}/sandbox/v1/faults").raise_for_status()

    def hold_back(self) -> None:
        """Rollouts do not get on."""
        self._controller(paused=True)

    def let_go(self) -> None:
        self._controller(paused=False)

    def _controller(self, *, paused: bool) -> None:
        url = f"{self.cluster}/sandbox/v1/controller"
        httpx.put(url, json={"paused": paused}).raise_for_status()
