"""Why a log is not recovered in the way that was asked for."""


class CannotRecover(Exception):
    """Nothing was changed; the message is a sentence."""
