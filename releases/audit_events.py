"""What can happen on the way to a decision, each with its sentence."""

from audit.names import EventName


class ReleaseEvent(EventName):
    """Events of evidence, policies, releases and change requests."""

    EVIDENCE_ADDED = "releases.evidence_added", "{actor} added a {object}: {summary}"
    POLICY_CREATED = "releases.policy_created", "{actor} created the policy {object}."
    POLICY_VERSION_SAVED = "releases.policy_version_saved", "{actor} saved {object} as a draft."
    POLICY_PUBLISHED = "releases.policy_published", "{actor} published {object}."
    POLICY_ACTIVATED = "releases.policy_activated", "{actor} put {policy} in force in {object}."
    SEALED = "releases.sealed", "{actor} sealed the release {object} with {items}."
    SUBMITTED = ("releases.submitted", "{actor} asked to put {release} on {environment}: {reason}")
    CHECKING = "releases.checking", "The gates of {object} are checked: {why}."
    BLOCKED = "releases.blocked", "{object} is blocked: {why}"
    AWAITING_APPROVAL = (
        "releases.awaiting_approval",
        "The gates let {object} through; it awaits approval by {rules}.",
    )
    APPROVALS_VOIDED = (
        "releases.approvals_voided",
        "The approval of {people} no longer counts, since {what} changed.",
    )
    APPROVED = "releases.approved", "{actor} approved {object}{as_roles}. {comment}"
    APPROVAL_REFUSED = (
        "releases.approval_refused",
        "{actor} tried to sign {object} and was refused: {why}",
    )
    ALL_RULES_MET = "releases.all_rules_met", "Every approval rule of {object} is met."
    REJECTED = "releases.rejected", "{actor} rejected {object}: {comment}"
    WITHDRAWN = "releases.withdrawn", "{actor} withdrew {object}. {comment}"
    EXPIRED = "releases.expired", "{object} ran out before it was decided and carried out."
    SUPERSEDED = "releases.superseded", "{object} was superseded by {by_request}."
    SCHEDULED = "releases.scheduled", "{object} waits until {until}."
    QUEUED = "releases.queued", "{object} is in the queue of {environment}."
    DEPLOYING = "releases.deploying", "Gatehouse began to carry out {object}."
    VERIFYING = (
        "releases.verifying",
        "Everything of {object} is rolled out; what runs is being verified.",
    )
    DEPLOYED = "releases.deployed", "{object} runs on {environment}: {what}."
    FAILED = "releases.failed", "{object} failed: {why}"
    ERRORED = "releases.errored", "{object} ended without a result: {why}"
    ACCESS_REVIEW_OPENED = (
        "releases.access_review_opened",
        "{actor} asked {owner} to review who may do what in {project} until {until}.",
    )
    ACCESS_DECIDED = (
        "releases.access_decided",
        "{actor} decided what becomes of {count} rights in the {object} of {project}.",
    )
    ACCESS_REVIEW_SIGNED = (
        "releases.access_review_signed",
        "{actor} signed the {object} of {project}: {kept} rights kept, {revoked} revoked.",
    )
    CARD_SAVED = (
        "releases.card_saved",
        "{actor} saved revision {revision} of the {object}: {what}. {note}",
    )
    CARD_REVIEWED = (
        "releases.card_reviewed",
        "{actor} reviewed revision {revision} of the {object}; the next is due on {next_review}. {comment}",
    )
    ROLLED_BACK = "releases.rolled_back", "{object} was rolled back by {by_request}."
