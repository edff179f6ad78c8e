"""How a report is refused."""

from releases.errors import EvidenceRefused


class EvidenceRejected(EvidenceRefused):
    """The bytes are no report of their kind. The sentence names what is wrong with them.

    Refused is not the same as inconclusive: nothing is stored of what could not be read.
    """

    def __init__(
        self,
        sentence: str,
        *,
        fields: dict[str, list[str]] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(sentence, fields=fields or {"file": [sentence]}, extra=extra)
