"""What the act may refuse, in the words of the domain."""

from catalog.errors import InvalidInput, NotPermitted, WrongMoment


class TargetRefused(InvalidInput):
    """The target, binding or cluster cannot be like this."""

    code = "target_refused"


class BeingCarriedOut(WrongMoment):
    """The target may not change under a deployment that uses it."""

    code = "being_carried_out"


class NotWaiting(WrongMoment):
    """The deployment does not wait for a word from outside, or it has had it."""

    code = "not_waiting"


class CallbackRefused(NotPermitted):
    """The token is not the one that was given out for this deployment."""

    code = "callback_refused"
