"""Why nothing is signed."""


class NotSigned(Exception):
    """Base: the message is a sentence."""


class Refused(NotSigned):
    """The database does not hold what was signed: nothing may be sequenced until it is recovered."""


class CannotSign(NotSigned):
    """Keys, memory or files of the signer are not in order; the database may be."""
