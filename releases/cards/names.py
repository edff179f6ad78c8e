"""Names of the CycloneDX properties in which Gatehouse keeps what the format has no place for."""

from typing import Final

OUT_OF_SCOPE: Final = "gatehouse:out-of-scope"
RISK_TIER: Final = "gatehouse:risk-tier"
OWNER: Final = "gatehouse:owner"
DIGEST: Final = "gatehouse:digest"
REVISION: Final = "gatehouse:revision"
REVISION_DIGEST: Final = "gatehouse:revision-digest"
COMPLETE: Final = "gatehouse:complete"
REVIEWED_AT: Final = "gatehouse:reviewed-at"
NEXT_REVIEW_AT: Final = "gatehouse:next-review-at"
OF_THE_CARD: Final = frozenset({REVISION, REVISION_DIGEST, COMPLETE, REVIEWED_AT, NEXT_REVIEW_AT})
"""Facts of the card that was exported; they are not taken over."""
