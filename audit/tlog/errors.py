"""What is wrong with a document of a transparency log."""


class TlogError(ValueError):
    """Base: the message is a sentence."""


class Malformed(TlogError):
    """It is not in the format that it claims."""


class InvalidSignature(TlogError):
    """A known key did not make this signature, or no known key signed at all."""


class InvalidProof(TlogError):
    """The hashes do not lead to the root."""
