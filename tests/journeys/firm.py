"""A firm that begins with an administrator's token and sets itself up through the API."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import factories
from tests.journeys.caller import Caller
from tests.releases.scene import junit

STAGING = {
    "schema": "gatehouse.policy/v1",
    "gates": [
        {
            "name": "tests",
            "title": "All tests passed",
            "evidence": "junit",
            "expression": "evidence.tests > 0 && evidence.failed == 0",
        },
        {"name": "coverage", "evidence": "metrics", "expression": "evidence.coverage >= 80"},
        {"name": "findings", "evidence": "metrics", "expression": "evidence.critical == 0"},
    ],
    "approvals": [
        {"name": "engineering", "roles": ["developer"], "required": 1},
        {"name": "security", "roles": ["security"], "required": 1},
    ],
}
PRODUCTION = {
    **STAGING,
    "requires": {"verified_in": ["staging"]},
    "approvals": [
        *STAGING["approvals"],
        {"name": "risk", "roles": ["risk"], "required": 1},
    ],
}
PEOPLE = {
    "dana": "developer",
    "tom": "developer",
    "sofia": "security",
    "rashid": "risk",
    "priya": "release-manager",
    "olga": "",
}


@dataclass
class Firm:
    """Callers by name, and what CI does."""

    server: str
    cluster: str
    callers: dict[str, Caller] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Caller:
        try:
            return self.__dict__["callers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def found(self) -> "Firm":
        """Set up people, project, environments, targets and policies, all over HTTP."""
        self.callers["admin"] = Caller(self.server, factories.token(factories.admin()))
        admin = self.admin
        admin.post("projects/", {"slug": "payments", "name": "Payments", "risk_tier": "high"})
        for position, name in enumerate(("staging", "production"), start=1):
            place = {"name": name, "tier": name, "position": position}
            admin.post("projects/payments/environments/", place)
        for username, role in PEOPLE.items():
            person = {
                "username": username,
                "full_name": username.title(),
                "email": f"{username}@example.com",
            }
            admin.post("people/", person)
            if role:
                admin.post("projects/payments/members/", {"user": username, "role": role})
            user = factories.person(username)
            self.callers[username] = Caller(self.server, factories.token(user))
        admin.post("projects/payments/service-accounts/", {"username": "ci-payments"})
        admin.post("projects/payments/members/", {"user": "ci-payments", "role": "ci"})
        issued = admin.post(
            "service-accounts/ci-payments/tokens/",
            {
                "name": "pipeline",
                "scopes": ["read", "artifacts", "releases", "changes"],
                "expires_at": "2027-06-01T00:00:00Z",
            },
        )
        self.callers["ci"] = Caller(self.server, issued["token"])
        self._policies()
        self._targets()
        return self

    def close(self) -> None:
        for caller in self.callers.values():
            caller.http.close()

    def _policies(self) -> None:
        for name, document in (("staging", STAGING), ("production", PRODUCTION)):
            self.admin.post("policies/", {"name": name, "title": name.title()})
            saved = self.admin.post(f"policies/{name}/versions/", {"document": document})
            self.admin.post(f"policies/{name}/versions/{saved['version']}/publish/", status=200)
            self.admin.put(
                f"projects/payments/environments/{name}/policy/",
                {"policy": name, "version": saved["version"]},
            )

    def _targets(self) -> None:
        self.admin.post("clusters/", {"name": "sandbox", "server": self.cluster})
        for name in ("staging", "production"):
            self.namespace(f"payments-{name}")
            environment = f"projects/payments/environments/{name}/"
            target = {
                "executor": "kubernetes",
                "cluster": "sandbox",
                "namespace": f"payments-{name}",
                "timeout_seconds": 60,
            }
            self.admin.put(f"{environment}target/", target)

    def bind(self) -> None:
        """Bind both images in both environments; artifacts exist once CI has registered one."""
        for name in ("staging", "production"):
            for artifact in ("payments-api", "payments-worker"):
                binding = {
                    "artifact": artifact,
                    "workload": artifact,
                    "container": "app",
                    "replicas": 2,
                }
                self.admin.post(f"projects/payments/environments/{name}/target/bindings/", binding)

    def namespace(self, name: str) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        httpx.post(f"{self.cluster}/api/v1/namespaces", json=body).raise_for_status()

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        return httpx.get(f"{self.cluster}/api/v1/namespaces/{namespace}/pods").json()["items"]

    def running(self, namespace: str) -> set[str]:
        """The digests of the containers that run and are ready."""
        return {
            status["imageID"].rpartition("@")[2]
            for pod in self.pods(namespace)
            if not pod["metadata"].get("deletionTimestamp")
            for status in pod["status"].get("containerStatuses", [])
            if status["ready"]
        }

    def build(self, artifact: str, version: str, fault: str = "") -> dict[str, Any]:
        """Register an image that Dana wrote."""
        seed = hashlib.sha256(f"{artifact}:{version}".encode()).hexdigest()
        return self.ci.post(
            "projects/payments/artifact-versions/",
            {
                "artifact": artifact,
                "kind": "image",
                "version": version,
                "digest": f"sha256:{seed}",
                "uri": f"registry.example.com/payments/{fault}{artifact}",
                "source": {
                    "repository": "https://git.example.com/payments",
                    "commit": seed[:40],
                    "authors": [{"name": "Dana", "email": "dana@example.com"}],
                    "build_url": "https://ci.example.com/builds/7",
                },
            },
        )

    def release(self, version: str, fault: str = "", *, metrics: bool = True) -> dict[str, Any]:
        """Build both images, upload their reports and seal them."""
        images = [
            self.build("payments-api", version, fault),
            self.build("payments-worker", version),
        ]
        for image in images:
            path = f"artifact-versions/{image['id']}/evidence/"
            self.ci.upload(path, "junit", junit())
            if metrics:
                self.measure(image)
        sealed = {"version": version, "artifact_versions": [i["id"] for i in images], "notes": ""}
        return {**self.ci.post("projects/payments/releases/", sealed), "images": images}

    def measure(self, image: dict[str, Any]) -> dict[str, Any]:
        document = {"coverage": 87.5, "critical": 0}
        return self.ci.post(
            f"artifact-versions/{image['id']}/evidence/", {"kind": "metrics", "document": document}
        )

    def ask(self, release: dict[str, Any], environment: str) -> dict[str, Any]:
        asked = {
            "release": release["version"],
            "environment": environment,
            "kind": "promotion",
            "reason": f"{release['version']} for {environment}",
        }
        return self.ci.post("projects/payments/change-requests/", asked)

    def sign(self, number: int, *names: str, status: int = 200) -> Any:
        for name in names:
            digest = self.callers[name].get(f"change-requests/{number}/")["statement_digest"]
            signed = {"statement_digest": digest, "comment": f"{name} has read it"}
            answer = self.callers[name].post(
                f"change-requests/{number}/approve/", signed, status=status
            )
        return answer

    def verdict(self, number: int, wait: float = 25) -> dict[str, Any]:
        """Poll as CI does until it is done."""
        for _ in range(4):
            verdict = self.ci.get(f"change-requests/{number}/verdict/", wait=wait)
            if verdict["done"]:
                break
        return verdict
