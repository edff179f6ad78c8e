"""What MLflow no longer has. Here nothing is lost: the snapshot stays, and a finding says since when."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from catalog.models import User
from models_registry.findings import find
from models_registry.leases import held
from models_registry.models import FindingKind, ModelVersion, RegisteredModel


@transaction.atomic(durable=True)
def note_model_gone(model: RegisteredModel, *, holder: str, by: User) -> None:
    """MLflow says that there is no such model any more.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    held(model.registry, holder)
    now = timezone.now()
    if RegisteredModel.objects.filter(pk=model.pk, gone_at=None).update(gone_at=now) == 0:
        return
    count = ModelVersion.objects.filter(model=model, gone_at=None).update(gone_at=now)
    find(
        model,
        FindingKind.MODEL_DELETED,
        f"The model {model.name} was deleted in MLflow with {count} versions. Gatehouse keeps what it "
        "took in of them.",
        by=by,
        versions=count,
    )


@transaction.atomic(durable=True)
def note_versions_gone(
    model: RegisteredModel, numbers: Sequence[int], *, holder: str, by: User
) -> None:
    """MLflow says that there are no such versions any more.

    Raises:
        LeaseLost: another worker reads the registry now.
    """
    held(model.registry, holder)
    rows = ModelVersion.objects.filter(model=model, number__in=numbers, gone_at=None)
    for row in rows.order_by("number"):
        row.model = model
        row.gone_at = timezone.now()
        row.save(update_fields=["gone_at"])
        find(
            model,
            FindingKind.VERSION_DELETED,
            f"The version {row} was deleted in MLflow. Gatehouse keeps what it took in of it.",
            by=by,
            version=row,
        )
