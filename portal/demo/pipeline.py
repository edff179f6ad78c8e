"""What the demo's pipelines and people do, one line each."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.actions.register_artifact_version import register_artifact_version
from catalog.models import ArtifactKind, ArtifactVersion, Environment, Project, User
from deployments.carry_out import carry_out
from portal.demo.cast import DOMAIN
from releases.actions.add_evidence import add_evidence
from releases.actions.approve import approve
from releases.actions.reject import reject
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.models import ChangeRequest, Release
from releases.states import ChangeRequestState

REGISTRY = "registry.demo.example"
GIT = "https://git.demo.example"
CI = "https://ci.demo.example"
_FILE_NAMES = {"junit": "junit.xml", "dvc": "dvc.lock"}


@dataclass(frozen=True)
class Pipeline:
    """The pipeline of one project."""

    project: Project
    account: User

    def build(
        self,
        artifact: str,
        version: str,
        *authors: User,
        kind: str = ArtifactKind.IMAGE,
        fault: str = "",
    ) -> ArtifactVersion:
        """Register what was built. ``fault`` names a way in which the sandbox cannot start it."""
        seed = hashlib.sha256(f"{self.project.slug}/{artifact}:{version}".encode()).hexdigest()
        name = f"{fault}-{artifact}" if fault else artifact
        built, _ = register_artifact_version(
            self.project,
            artifact=artifact,
            kind=kind,
            version=version,
            digest=f"sha256:{seed}",
            uri=f"{REGISTRY}/{self.project.slug}/{name}",
            repository=f"{GIT}/{self.project.slug}/{artifact}",
            commit=seed[:40],
            authors=[
                {"name": author.full_name, "email": f"{author.username}@{DOMAIN}"}
                for author in authors
            ],
            build_url=f"{CI}/{self.project.slug}/builds/{int(seed[:4], 16)}",
            by=self.account,
        )
        return built

    def report(self, version: ArtifactVersion, reports: Mapping[str, bytes]) -> None:
        """Upload reports, by kind."""
        for kind, content in reports.items():
            add_evidence(
                version,
                kind=kind,
                stream=io.BytesIO(content),
                file_name=_FILE_NAMES.get(kind, f"{kind}.json"),
                by=self.account,
            )

    def seal(self, version: str, *items: ArtifactVersion, notes: str = "") -> Release:
        """Seal a release."""
        return seal_release(
            self.project,
            version=version,
            artifact_versions=[item.pk for item in items],
            notes=notes,
            by=self.account,
        )

    def ask(self, release: Release, environment: Environment, reason: str) -> ChangeRequest:
        """Open a change request."""
        return submit(release, environment, reason=reason, by=self.account)


def sign(request: ChangeRequest, person: User, comment: str = "") -> None:
    """Approve what stands there now."""
    approve(request.number, statement_digest=_digest(request), comment=comment, by=person)


def refuse(request: ChangeRequest, person: User, comment: str) -> None:
    """Reject it."""
    reject(request.number, statement_digest=_digest(request), comment=comment, by=person)


def deploy(
    request: ChangeRequest, expected: ChangeRequestState = ChangeRequestState.DEPLOYED
) -> None:
    """Carry it out here and now, and make sure that the story goes as told."""
    carry_out(request.number, worker="worker")
    request.refresh_from_db()
    if request.state != expected:
        raise RuntimeError(f"The demo went astray: {request.label} is {request.state}.")


def _digest(request: ChangeRequest) -> str:
    request.refresh_from_db()
    if request.statement is None:
        raise RuntimeError(f"The demo went astray: {request.label} has no statement.")
    return request.statement.digest
