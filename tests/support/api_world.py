"""The payments project as clients of the REST API see it: each of the cast with a token, and CI."""

from dataclasses import dataclass, field
from functools import cached_property

from rest_framework.test import APIClient

from catalog.models import Project
from tests import factories
from tests.support.callers import client_of

JUNIT = (
    b'<testsuite name="unit" tests="1"><testcase classname="t" name="ok" time="0.1"/></testsuite>'
)
POLICY = {
    "schema": "gatehouse.policy/v1",
    "gates": [
        {
            "name": "tests",
            "title": "All tests passed",
            "evidence": "junit",
            "expression": "evidence.tests > 0 && evidence.failed == 0",
        }
    ],
    "approvals": [
        {
            "name": "engineering",
            "title": "Engineering",
            "roles": ["release-manager"],
            "required": 1,
        },
        {"name": "security", "title": "Security", "roles": ["security"], "required": 1},
    ],
    "separation_of_duties": {"unknown_authors": "allow"},
}


@dataclass
class ApiWorld:
    """``world.as_("priya").get(world.at("releases/"))``."""

    project: Project = field(default_factory=factories.staffed_project)
    clients: dict[tuple, APIClient] = field(default_factory=dict)
    count: int = 0

    @cached_property
    def other_project(self):
        return factories.project("lending")

    @cached_property
    def machine(self):
        return factories.service_account(self.project)

    def as_(self, username: str, *scopes: str) -> APIClient:
        """A client of one of the cast, or of the administrator; with all scopes unless some are given."""
        key = (username, *scopes)
        if key not in self.clients:
            user = factories.admin() if username == "admin" else factories.person(username)
            self.clients[key] = client_of(user, scopes) if scopes else client_of(user)
        return self.clients[key]

    @cached_property
    def ci(self) -> APIClient:
        return client_of(self.machine.user, ["read", "artifacts", "releases", "changes"])

    def at(self, rest: str = "") -> str:
        return f"/api/v1/projects/{self.project.slug}/{rest}"

    def version_body(self, artifact: str = "payments-api", **changes) -> dict:
        self.count += 1
        return {
            "artifact": artifact,
            "kind": "image",
            "version": f"1.{self.count}.0",
            "digest": factories.digest(f"{artifact}{self.count}"),
            "uri": f"registry.example.com/{artifact}",
            "source": {
                "repository": "https://git.example.com/payments",
                "commit": "f" * 40,
                "authors": [{"name": "Wanda Wood", "email": "wanda@example.com"}],
                "build_url": "https://ci.example.com/builds/1",
            },
            **changes,
        }

    def version(self, **changes) -> dict:
        answer = self.ci.post(self.at("artifact-versions/"), self.version_body(**changes))
        assert answer.status_code == 201, answer.content
        return answer.json()

    def release(self, *versions: dict, tested: bool = True) -> dict:
        versions = versions or (self.version(),)
        for version in versions if tested else ():
            answer = self.ci.post(
                f"/api/v1/artifact-versions/{version['id']}/evidence/",
                {"kind": "junit", "file": upload(JUNIT)},
                format="multipart",
            )
            assert answer.status_code == 201, answer.content
        self.count += 1
        body = {
            "version": f"2026.{self.count}",
            "artifact_versions": [version["id"] for version in versions],
        }
        answer = self.ci.post(self.at("releases/"), body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def policy(self, name: str = "standard", environment: str = "staging", **changes) -> dict:
        admin = self.as_("admin")
        admin.post("/api/v1/policies/", {"name": name})
        saved = admin.post(f"/api/v1/policies/{name}/versions/", {**POLICY, **changes})
        assert saved.status_code == 201, saved.content
        number = saved.json()["version"]
        admin.post(f"/api/v1/policies/{name}/versions/{number}/publish/")
        wanted = {"policy": name, "version": number}
        answer = admin.put(self.at(f"environments/{environment}/policy/"), wanted)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def request(self, release: dict | None = None, **changes) -> dict:
        body = {
            "release": (release or self.release())["id"],
            "environment": "staging",
            "kind": "promotion",
            "reason": "the spring release",
            **changes,
        }
        answer = self.ci.post(self.at("change-requests/"), body)
        assert answer.status_code == 201, answer.content
        return answer.json()


def upload(content: bytes, name: str = "report.xml"):
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 -- only here

    return SimpleUploadedFile(name, content)
