"""What can happen to models and their registries, each with its sentence."""

from audit.names import EventName


class ModelEvent(EventName):
    """Events of the models registry."""

    REGISTRY_CREATED = (
        "models_registry.registry_created",
        "{actor} added the model registry {object} at {host}, for models named {pattern}.",
    )
    REGISTRY_CHANGED = (
        "models_registry.registry_changed",
        "{actor} changed the model registry {object}: {what}.",
    )
    SYNC_REQUESTED = "models_registry.sync_requested", "{actor} asked for {object} to be read now."
    SYNC_FAILED = (
        "models_registry.sync_failed",
        "The model registry {object} could not be read: {why}",
    )
    SYNC_RECOVERED = (
        "models_registry.sync_recovered",
        "The model registry {object} can be read again.",
    )
    MODEL_TAKEN_IN = (
        "models_registry.model_taken_in",
        "The model {object} was found in MLflow; it is the artifact {artifact}.",
    )
    MODEL_CHANGED = "models_registry.model_changed", "The model {object} changed in MLflow: {what}."
    VERSION_TAKEN_IN = (
        "models_registry.version_taken_in",
        "The model version {object} was found in MLflow.",
    )
    VERSION_COMPLETED = (
        "models_registry.version_completed",
        "The intake of {object} is complete: its digest is {digest}. {basis}",
    )
    VERSION_CHANGED = "models_registry.version_changed", "{object} changed in MLflow: {what}."
    FOUND = "models_registry.found", "{what}"
    FINDING_SETTLED = (
        "models_registry.finding_settled",
        "{actor} settled the finding {what} {comment}",
    )
    ALIAS_CHOSEN = (
        "models_registry.alias_chosen",
        "{actor} chose the alias {alias} for models in {object}.",
    )
    ALIAS_ORDERED = (
        "models_registry.alias_ordered",
        "Verified in {environment}: {alias} of {object} shall point at {version} ({change_request}).",
    )
    ALIAS_SET = (
        "models_registry.alias_set",
        "The alias {alias} of {object} was set to version {version} in MLflow.",
    )
    ALIAS_LEFT = (
        "models_registry.alias_left",
        "The alias {alias} of {object} is not set to version {version} any more: {why}",
    )
    ALIAS_REFUSED = (
        "models_registry.alias_refused",
        "MLflow refused to set the alias {alias} of {object} to version {version}: {why}",
    )


class RetrainingEvent(EventName):
    """Events of retraining."""

    TRIGGER_CREATED = (
        "models_registry.trigger_created",
        "{actor} chose what trains {whose} again: {kind} at {host}.",
    )
    TRIGGER_CHANGED = (
        "models_registry.trigger_changed",
        "{actor} changed what trains {whose} again: {what}.",
    )
    REQUESTED = (
        "models_registry.retraining_requested",
        "{actor} asked for {model} to be trained again: {reason}",
    )
    REQUESTED_EARLY = (
        "models_registry.retraining_requested_early",
        "{actor} asked for {model} to be trained again: {reason} The cooldown was cut short: {override}",
    )
    TRIGGERED = "models_registry.retraining_triggered", "{object} was begun in {tool} as {run}."
    RUNNING = "models_registry.retraining_running", "The training of {object} runs in {tool}."
    NO_ANSWER = (
        "models_registry.retraining_no_answer",
        "A try to reach {tool} for {object} came to nothing: {why}",
    )
    UNCLEAR = (
        "models_registry.retraining_unclear",
        "Whether {object} was begun, nobody can tell: {why}",
    )
    CLEARED = (
        "models_registry.retraining_cleared",
        "{actor} looked after {object} and says that it {verdict}: {comment}",
    )
    RETURNED = (
        "models_registry.retraining_returned",
        "{object} came back as {version}, which needs approval like any other version.",
    )
    FAILED = "models_registry.retraining_failed", "{object} failed: {why}"
    EXPIRED = "models_registry.retraining_expired", "{object} ran out: {why}"
    WITHDRAWN = "models_registry.retraining_withdrawn", "{actor} withdrew {object}: {comment}"
