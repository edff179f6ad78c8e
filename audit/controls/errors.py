"""Why nothing is said about controls."""


class QuestionRefused(Exception):
    """What was asked makes no sense.

    Attributes:
        sentence: for people; says what would do.
        field: the field at fault.
    """

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class BrokenCatalogue(Exception):
    """A file of controls is not what its schema asks for, or names a check that nobody has."""
