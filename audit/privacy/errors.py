"""Why personal data cannot be read or written."""


class WrongPrivacyKey(RuntimeError):
    """The portal's PRIVACY_KEY is not the one under which a subject's key was wrapped.

    Attributes:
        code: stable word for machines.
        sentence: for people.
    """

    code = "wrong_privacy_key"

    def __init__(self) -> None:
        self.sentence = (
            "The keys of names and free texts were wrapped with another PRIVACY_KEY than the portal was "
            "started with. Start it with the former one; it may stand behind the new one in the same file."
        )
        super().__init__(self.sentence)
