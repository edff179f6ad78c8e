"""The comparison on the page of a model version (settings.MODEL_VERSION_SECTIONS)."""

from catalog.models import User
from models_registry.models import ModelVersion
from models_registry.sections import Section
from releases.comparing.pages import compared_in


def comparison_section(version: ModelVersion, _caller: User) -> Section | None:
    """Return the comparison with what serves; None before the version's digest is known."""
    artifact_version = version.artifact_version
    if artifact_version is None:
        return None
    artifact_version.artifact = version.model.artifact
    artifact_version.artifact.project = version.model.registry.project
    against = compared_in(artifact_version)
    return Section("releases/comparison/section.html", {"against": against}) if against else None
