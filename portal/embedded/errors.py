"""What can keep the portal from starting on this machine."""


class CannotStart(Exception):
    """Something on this machine is in the way; the message says what, and a way out."""
