"""What the models registry may refuse, in the words of the domain."""

from catalog.errors import Conflict, InvalidInput, NotFound, NotPermitted, WrongMoment


class RegistryUnfit(InvalidInput):
    """The registry cannot be like this."""

    code = "registry_unfit"


class AlreadySettled(WrongMoment):
    """Somebody settled the finding before."""

    code = "already_settled"


class RegistryPaused(WrongMoment):
    """The registry is switched off, so it cannot be read."""

    code = "registry_paused"


class LeaseLost(WrongMoment):
    """Another worker took the registry over meanwhile; what this one saw is old."""

    code = "lease_lost"


class UnknownWebhook(NotFound):
    """No registry takes webhooks at this address."""

    code = "unknown_webhook"


class WebhookRefused(NotPermitted):
    """The delivery is not signed as it should be, or too old."""

    code = "webhook_refused"


class TriggerUnfit(InvalidInput):
    """The retraining trigger cannot be like this."""

    code = "trigger_unfit"


class NoTrigger(WrongMoment):
    """Nobody has said yet how the model is trained again, or it is switched off."""

    code = "no_trigger"


class AlreadyAsked(Conflict):
    """The model has an open retraining request."""

    code = "already_asked"


class CoolingDown(WrongMoment):
    """The model was trained again only lately."""

    code = "cooling_down"


class NotNow(WrongMoment):
    """This cannot happen to the retraining request in its present state."""

    code = "retraining_not_now"
