"""A project as it is after some weeks: what its pages show. Built through the actions, like everything else.

The environments are reached by hand, so that a deployment's end is one call.
"""

import io
import json
from dataclasses import dataclass

from catalog.models import Environment, Project
from deployments.actions.attest import attest
from deployments.actions.set_target import TargetSpec, set_target
from deployments.carry_out import carry_out
from deployments.models import Deployment
from releases.actions.activate_policy import activate_policy
from releases.actions.add_evidence import add_evidence
from releases.actions.approve import approve
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.reject import reject
from releases.actions.save_policy_version import save_policy_version
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest, Release
from tests import factories

POLICY = {
    "schema": "gatehouse.policy/v1",
    "gates": [
        {
            "name": "tests",
            "title": "All tests passed",
            "evidence": "junit",
            "expression": "evidence.tests > 0 && evidence.failed == 0 && evidence.errors == 0",
        }
    ],
    "approvals": [
        {"name": "engineering", "title": "Engineering", "roles": ["developer"], "required": 1},
        {"name": "security", "title": "Security", "roles": ["security"], "required": 1},
    ],
    "separation_of_duties": {"unknown_authors": "allow"},
}
PASSED = (
    b'<testsuite name="unit" tests="1"><testcase classname="t" name="ok" time="0.1"/></testsuite>'
)
FAILED = (
    b'<testsuite name="unit" tests="1"><testcase classname="t" name="rounding">'
    b'<failure message="0.30000000000000004 is not 0.3"/></testcase></testsuite>'
)


@dataclass
class World:
    """Everything by name. ``priya`` asks, ``tom`` and ``sofia`` sign, ``omar`` carries out."""

    project: Project
    staging: Environment
    production: Environment
    count: int = 0

    @classmethod
    def make(cls, slug: str = "payments") -> "World":
        project = factories.staffed_project(slug)
        world = cls(project, *project.environments.order_by("position"))
        factories.member("omar", project, "operator")
        world.policy(f"{slug}-standard")
        for environment in (world.staging, world.production):
            spec = TargetSpec(executor="manual", timeout_seconds=7200)
            set_target(environment, spec, by=factories.person("oskar"))
        return world

    @classmethod
    def there(cls) -> "World":
        """The one that `make` made, as nobody has looked at it yet."""
        project = Project.objects.get(slug="payments")
        return cls(project, *project.environments.order_by("position"))

    def __getattr__(self, username: str):
        if username in {*factories.CAST, "omar"}:
            return factories.person(username)
        raise AttributeError(username)

    def policy(self, name: str, **changes) -> None:
        admin = factories.admin()
        policy = create_policy(name=name, by=admin)
        draft = save_policy_version(policy, document={**POLICY, **changes}, by=admin)
        version = publish_policy(draft, by=admin)
        for environment in (self.staging, self.production):
            activate_policy(environment, version, by=admin)

    def version(self, artifact: str = "payments-api", **fields):
        self.count += 1
        return factories.version(self.project, artifact, f"1.{self.count}.0", **fields)

    def evidence(self, about, report=PASSED):
        kind = "metrics" if isinstance(report, dict) else "junit"
        raw = json.dumps(report).encode() if isinstance(report, dict) else report
        stream = io.BytesIO(raw)
        return add_evidence(about, kind=kind, stream=stream, file_name=f"{kind}.xml", by=self.priya)

    def release(self, *versions, tested: bool = True) -> Release:
        versions = versions or (self.version(),)
        if tested:
            for version in versions:
                self.evidence(version)
        self.count += 1
        return seal_release(
            self.project,
            version=f"2026.{self.count}",
            artifact_versions=[version.pk for version in versions],
            by=factories.admin(),
        )

    def request(self, release: Release = None, environment=None, **more) -> ChangeRequest:
        return submit(
            release or self.release(),
            environment or self.staging,
            **{"reason": "The spring release.", "by": self.priya, **more},
        )

    def signed(self, change_request: ChangeRequest, *usernames: str) -> ChangeRequest:
        for username in usernames or ("tom", "sofia"):
            change_request.refresh_from_db()
            digest = change_request.statement.digest
            approve(change_request.number, statement_digest=digest, by=factories.person(username))
        change_request.refresh_from_db()
        return change_request

    def rejected(self, change_request: ChangeRequest) -> ChangeRequest:
        digest = change_request.statement.digest
        reject(
            change_request.number,
            statement_digest=digest,
            comment="Not before the audit.",
            by=self.sofia,
        )
        change_request.refresh_from_db()
        return change_request

    def begun(self, change_request: ChangeRequest) -> Deployment:
        self.signed(change_request)
        carry_out(change_request.number, worker="celery@one")
        return change_request.deployments.get()

    def deployed(self, change_request: ChangeRequest = None, result: str = "succeeded"):
        change_request = change_request or self.request()
        deployment = self.begun(change_request)
        attest(deployment.pk, result=result, comment="as the runbook says", by=self.omar)
        change_request.refresh_from_db()
        return change_request
