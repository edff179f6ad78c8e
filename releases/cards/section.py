"""The model card on the page of a model version (settings.MODEL_VERSION_SECTIONS)."""

from typing import Any

from catalog.models import ArtifactKind, ArtifactVersion, User
from catalog.permissions import Permission, allowed
from models_registry.models import ModelVersion
from models_registry.sections import Section
from releases.cards.saving import standing
from releases.cards.shown import badges_of
from releases.models import ModelCard


def card_section(version: ModelVersion, caller: User) -> Section | None:
    """Return the card in short; None before the version's digest is known: a card is about content."""
    artifact_version = version.artifact_version
    if artifact_version is None:
        return None
    artifact_version.artifact = version.model.artifact
    artifact_version.artifact.project = version.model.registry.project
    return Section("releases/cards/section.html", summary_of(artifact_version, caller))


def summary_of(version: ArtifactVersion, caller: User) -> dict[str, Any]:
    """Return what the short form shows; two queries, and one for who may write a first card."""
    if version.artifact.kind != ArtifactKind.MODEL:
        return {}
    card = ModelCard.objects.filter(artifact_version=version).first()
    revision = standing(card)
    may_edit = card is None and allowed(
        caller, Permission.EDIT_MODEL_CARD, version.artifact.project
    )
    return {
        "card": card,
        "revision": revision,
        "badges": badges_of(card) if card else [],
        "may_edit": may_edit,
        "version_id": version.pk,
    }
