"""What can happen to models and their registries, each with its sentence."""

from audit.names import EventName


class ModelEvent(EventName):
    """Events of the models registry."""

    REGISTRY_CREATED = (
        "models.registry_created",
        "{actor} added the model registry {object} at {host}, for models named {pattern}.",
    )
    REGISTRY_CHANGED = (
        "models.registry_changed",
        "{actor} changed the model registry {object}: {what}.",
    )
    SYNC_REQUESTED = "models.sync_requested", "{actor} asked for {object} to be read now."
    SYNC_FAILED = "models.sync_failed", "The model registry {object} could not be read: {why}"
    SYNC_RECOVERED = "models.sync_recovered", "The model registry {object} can be read again."
    MODEL_TAKEN_IN = (
        "models.model_taken_in",
        "The model {object} was found in MLflow; it is the artifact {artifact}.",
    )
    MODEL_CHANGED = "models.model_changed", "The model {object} changed in MLflow: {what}."
    VERSION_TAKEN_IN = "models.version_taken_in", "The model version {object} was found in MLflow."
    VERSION_COMPLETED = (
        "models.version_completed",
        "The intake of {object} is complete: its digest is {digest}. {basis}",
    )
    VERSION_CHANGED = "models.version_changed", "{object} changed in MLflow: {what}."
    FOUND = "models.found", "{what}"
    FINDING_SETTLED = "models.finding_settled", "{actor} settled the finding {what} {comment}"
    ALIAS_CHOSEN = (
        "models.alias_chosen",
        "{actor} chose the alias {alias} for models in {object}.",
    )
    ALIAS_ORDERED = (
        "models.alias_ordered",
        "Verified in {environment}: {alias} of {object} shall point at {version} ({change_request}).",
    )
    ALIAS_SET = (
        "models.alias_set",
        "The alias {alias} of {object} was set to version {version} in MLflow.",
    )
    ALIAS_REFUSED = (
        "models.alias_refused",
        "MLflow refused to set the alias {alias} of {object} to version {version}: {why}",
    )
