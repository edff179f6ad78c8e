"""A payments project with two environments, its people and policies: what most rules are tried on.

Built through the same actions as everything else, so that the database's own rules hold here too.
"""

import io
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.grants import sync_grants
from catalog.models import (
    Artifact,
    ArtifactVersion,
    Environment,
    Membership,
    Project,
    Role,
    User,
)
from releases.actions.activate_policy import activate_policy
from releases.actions.add_evidence import add_evidence
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest, Evidence, PolicyVersion, Release

TESTS_PASS = {
    "name": "tests",
    "title": "All tests passed",
    "evidence": "junit",
    "expression": "evidence.tests > 0 && evidence.failed == 0 && evidence.errors == 0",
}
COVERAGE = {"name": "coverage", "evidence": "metrics", "expression": "evidence.coverage >= 80"}
ENGINEERING = {
    "name": "engineering",
    "title": "Engineering",
    "roles": ["developer", "release-manager"],
    "required": 1,
}
SECURITY = {"name": "security", "title": "Security", "roles": ["security"], "required": 1}


def policy_document(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "gatehouse.policy/v1",
        "gates": [TESTS_PASS],
        "approvals": [ENGINEERING, SECURITY],
        "separation_of_duties": {"unknown_authors": "allow"},
        **changes,
    }


def junit(passed: int = 3, failed: int = 0) -> bytes:
    cases = "".join(f'<testcase classname="t" name="ok{n}" time="0.1"/>' for n in range(passed))
    cases += "".join(
        f'<testcase classname="t" name="bad{n}"><failure message="no"/></testcase>'
        for n in range(failed)
    )
    return f'<testsuite name="unit" tests="{passed + failed}">{cases}</testsuite>'.encode()


def digest(seed: object) -> str:
    from releases.canonical import digest_of  # noqa: PLC0415 -- only here

    return digest_of(str(seed))


@dataclass
class Scene:
    """Everything of the scene by name."""

    project: Project
    staging: Environment
    production: Environment
    admin: User
    people: dict[str, User] = field(default_factory=dict)
    count: int = 0

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def person(self, username: str, *roles: str, environments: list[Environment] = ()) -> User:
        user = User.objects.filter(username=username).first() or User.objects.create_user(
            username, f"{username}@example.com", full_name=username.title()
        )
        for slug in roles:
            membership = Membership.objects.create(
                project=self.project,
                user=user,
                role=Role.objects.get(slug=slug),
                created_by=self.admin,
            )
            membership.environments.set(environments)
        sync_grants(self.project)
        self.people[username] = user
        return user

    def version(
        self,
        artifact: str = "payments-api",
        *,
        authors: Any = None,
        kind: str = "image",
        by: User = None,
    ) -> ArtifactVersion:
        self.count += 1
        thing, _ = Artifact.objects.get_or_create(
            project=self.project, name=artifact, defaults={"kind": kind}
        )
        return ArtifactVersion.objects.create(
            artifact=thing,
            version=f"1.{self.count}.0",
            digest=digest(f"{artifact}{self.count}"),
            authors=[{"name": "Dana", "email": "dana@example.com"}] if authors is None else authors,
            registered_by=by or self.ci,
        )

    def evidence(self, about: Any, data: bytes | dict, kind: str = "", **more: Any) -> Evidence:
        raw = json.dumps(data).encode() if isinstance(data, dict) else data
        kind = kind or ("metrics" if isinstance(data, dict) else "junit")
        return add_evidence(about, kind=kind, stream=io.BytesIO(raw), by=self.ci, **more)

    def release(self, *versions: ArtifactVersion, by: User = None, tested: bool = True) -> Release:
        versions = versions or (self.version(),)
        if tested:
            for version in versions:
                self.evidence(version, junit())
        self.count += 1
        return seal_release(
            self.project,
            version=f"2026.{self.count}",
            artifact_versions=[version.pk for version in versions],
            by=by or self.ci,
        )

    def policy(self, name: str = "standard", **changes: Any) -> PolicyVersion:
        from releases.models import Policy  # noqa: PLC0415 -- only here

        policy = Policy.objects.filter(name=name).first() or create_policy(name=name, by=self.admin)
        version = save_policy_version(policy, document=policy_document(**changes), by=self.admin)
        return publish_policy(version, by=self.admin)

    def in_force(self, environment: Environment = None, **changes: Any) -> PolicyVersion:
        version = self.policy(**changes)
        activate_policy(environment or self.staging, version, by=self.admin)
        return version

    def request(
        self, release: Release = None, environment: Environment = None, **more: Any
    ) -> ChangeRequest:
        return submit(
            release or self.release(),
            environment or self.staging,
            **{"reason": "the spring release", "by": self.ci, **more},
        )


def make_scene() -> Scene:
    admin = User.objects.create_user(
        "admin", "admin@example.com", full_name="Ada Admin", is_superuser=True
    )
    project = Project.objects.create(
        slug="payments", name="Payments", risk_tier="high", created_by=admin
    )
    staging = Environment.objects.create(
        project=project, name="staging", tier="staging", position=1
    )
    production = Environment.objects.create(
        project=project, name="production", tier="production", position=2
    )
    scene = Scene(project, staging, production, admin)
    scene.person("ci", "ci")
    User.objects.filter(username="ci").update(kind="service")
    scene.people["ci"].refresh_from_db()
    scene.person("priya", "release-manager")
    scene.person("dana", "developer")
    scene.person("tom", "developer")
    scene.person("sofia", "security")
    scene.person("rashid", "risk")
    return scene


def in_an_hour() -> Any:
    return timezone.now() + timedelta(hours=1)
