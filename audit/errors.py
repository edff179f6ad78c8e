"""Why something could not be recorded."""


class NotRecordable(ValueError):
    """The facts of an event have no canonical form, or too much of it.

    Shaped like the domain's errors, which live above this app.

    Attributes:
        code: stable word for machines.
        sentence: for people.
    """

    code = "not_recordable"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
