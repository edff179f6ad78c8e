"""Save a model card: what stood there stays as an earlier revision."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from catalog.locking import locked
from catalog.models import ArtifactVersion, User
from catalog.permissions import Permission, require
from releases.cards.content import cleaned
from releases.cards.saving import Draft, check_draft, is_same, standing, write_revision
from releases.errors import CardChanged
from releases.models import CardRevision, CardSource, ModelCard


@transaction.atomic(durable=True)
def save_card(
    version: ArtifactVersion,
    content: Mapping[str, Any],
    *,
    owner: User | None = None,
    risk_tier: str = "",
    note: str = "",
    expected: int | None = None,
    source: CardSource = CardSource.EDITED,
    by: User,
) -> CardRevision:
    """Save a revision; the same again changes nothing.

    Args:
        content: field → value as in ``releases.cards.fields``; the whole card, not a part of it.
        expected: number of the revision that was edited, 0 for none; None: whatever stands there.

    Raises:
        NotPermitted: without ``edit_model_card``.
        InvalidInput: a field cannot hold what it has.
        CardChanged: another revision stands there than the one that was edited.
    """
    project = version.artifact.project
    artifact = version.artifact
    version = locked(version)
    version.artifact = artifact
    require(Permission.EDIT_MODEL_CARD, by, project)
    draft = Draft(
        content=cleaned(content), owner=owner, risk_tier=risk_tier, note=note, source=source
    )
    check_draft(draft, version)
    card = card_of(version)
    refuse_stale(card, expected)
    before = standing(card)
    if before is not None and is_same(before, draft):
        return before
    return write_revision(card, version, draft, by=by)


def card_of(version: ArtifactVersion) -> ModelCard | None:
    """Return the version's card; the version is locked, and has its artifact and project."""
    card = ModelCard.objects.filter(artifact_version=version).first()
    if card is not None:
        card.artifact_version, card.project = version, version.artifact.project
    return card


def refuse_stale(card: ModelCard | None, expected: int | None) -> None:
    """Refuse to write over what somebody else saved.

    Raises:
        CardChanged: another revision stands there.
    """
    stands = card.revision if card else 0
    if expected is not None and expected != stands:
        raise CardChanged(
            f"Revision {stands} stands there now, and you edited {expected or 'an empty card'}. Look at what "
            "changed, then save yours again."
        )
