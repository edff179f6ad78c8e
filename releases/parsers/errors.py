"""How a report is refused."""

from typing import ClassVar

from catalog.errors import InvalidInput


class EvidenceRejected(InvalidInput):
    """The bytes are no report of their kind. The sentence names what is wrong with them.

    Refused is not the same as inconclusive: nothing is stored of what could not be read.
    """

    code: ClassVar[str] = "evidence_rejected"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"file": [sentence]})
