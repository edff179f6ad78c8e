"""What can happen while a change is carried out, each with its sentence."""

from audit.names import EventName


class DeploymentEvent(EventName):
    """Events of targets and deployments."""

    CLUSTER_CREATED = "deployments.cluster_created", "{actor} added the cluster {object}."
    TARGET_SET = "deployments.target_set", "{actor} set the {object}: {what}."
    BINDING_ADDED = (
        "deployments.binding_added",
        "{actor} bound {artifact} to {workload} in the {object}.",
    )
    BINDING_REMOVED = (
        "deployments.binding_removed",
        "{actor} unbound {artifact} from {workload} in the {object}.",
    )
    STARTED = "deployments.started", "{worker} began the {object}."
    TAKEN_OVER = (
        "deployments.taken_over",
        "{worker} took over the {object} from {from_worker}, which fell silent.",
    )
    APPLIED = "deployments.applied", "{workload} was told to run {images}."
    ROLLED_OUT = "deployments.rolled_out", "{workload} is rolled out."
    SHIFTED = (
        "deployments.shifted",
        "{percent} % of the requests to {workload} went to the new model.",
    )
    PROMOTED = "deployments.promoted", "The new model serves {workload} alone: {images}."
    VERIFIED = "deployments.verified", "{workload} runs what was approved: {images}."
    NO_ANSWER = (
        "deployments.no_answer",
        "The target of the {object} did not answer (try {tries}): {why}",
    )
    PUTTING_BACK = "deployments.putting_back", "The {object} is being put back: {why}"
    PUT_BACK = "deployments.put_back", "{workload} was put back to {images}."
    CALLED_OUT = "deployments.called_out", "The executor of the {object} was called at {host}."
    WAITING = "deployments.waiting", "The {object} waits for a report until {until}."
    REPORTED = (
        "deployments.reported",
        "The executor reported that the {object} {result}. {comment}",
    )
    ATTESTED = "deployments.attested", "{actor} attested that the {object} {result}. {comment}"
    SUCCEEDED = "deployments.succeeded", "The {object} succeeded."
    FAILED = "deployments.failed", "The {object} failed: {why}"
    ERRORED = "deployments.errored", "The {object} errored: {why}"
