"""The life of an erasure.

```text
requested ──confirm──→ confirmed ──erase──→ erased ──prove──→ proven
    └──────withdraw───────┴──→ withdrawn
```

Whoever asks does not confirm. What was erased stays erased: there is no way back from there.
"""

from enum import StrEnum

from django.db.models import TextChoices


class ErasureState(TextChoices):
    """Where an erasure stands."""

    REQUESTED = "requested", "Waits for a second person"
    CONFIRMED = "confirmed", "Waits to be carried out"
    ERASED = "erased", "Erased, the receipt follows"
    PROVEN = "proven", "Erased"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ErasureVerb(StrEnum):
    """What happens to one."""

    CONFIRM = "confirm"
    ERASE = "erase"
    PROVE = "prove"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[ErasureState, ErasureVerb], ErasureState] = {
    (ErasureState.REQUESTED, ErasureVerb.CONFIRM): ErasureState.CONFIRMED,
    (ErasureState.REQUESTED, ErasureVerb.WITHDRAW): ErasureState.WITHDRAWN,
    (ErasureState.CONFIRMED, ErasureVerb.WITHDRAW): ErasureState.WITHDRAWN,
    (ErasureState.CONFIRMED, ErasureVerb.ERASE): ErasureState.ERASED,
    (ErasureState.ERASED, ErasureVerb.PROVE): ErasureState.PROVEN,
}


def next_state(state: str, verb: ErasureVerb) -> ErasureState | None:
    """Return where the verb leads; None when it is not the moment for it."""
    return TRANSITIONS.get((ErasureState(state), verb))
