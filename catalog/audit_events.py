"""What can happen to the nouns of the catalog, each with its sentence."""

from audit.names import EventName


class CatalogEvent(EventName):
    """Events of projects, people, environments, artifacts and tokens."""

    PROJECT_CREATED = (
        "catalog.project_created",
        "{actor} created the project {object} ({risk_tier} risk).",
    )
    PROJECT_CHANGED = "catalog.project_changed", "{actor} changed the project {object}: {what}."
    ENVIRONMENT_CREATED = (
        "catalog.environment_created",
        "{actor} added the environment {object} ({tier}) at position {position}.",
    )
    ENVIRONMENT_CHANGED = (
        "catalog.environment_changed",
        "{actor} changed the environment {object}: {what}.",
    )
    PERSON_CREATED = "catalog.person_created", "{actor} created the account of {person}."
    PERSON_CHANGED = "catalog.person_changed", "{actor} changed the account of {person}: {what}."
    PERSON_DEACTIVATED = (
        "catalog.person_deactivated",
        "{actor} deactivated the account of {person}.",
    )
    PERSON_REACTIVATED = (
        "catalog.person_reactivated",
        "{actor} reactivated the account of {person}.",
    )
    IDENTITY_ADDED = (
        "catalog.identity_added",
        "{actor} noted that {person} is also known as {identity}.",
    )
    IDENTITY_REMOVED = (
        "catalog.identity_removed",
        "{actor} noted that {person} is no longer known as {identity}.",
    )
    PORTAL_PERMISSIONS_CHANGED = (
        "catalog.portal_permissions_changed",
        "{actor} gave {person} these portal permissions: {what}.",
    )
    SIGNED_IN = "catalog.signed_in", "{actor} signed in."
    SIGN_IN_FAILED = "catalog.sign_in_failed", "A sign-in as {tried} failed."
    SIGNED_OUT = "catalog.signed_out", "{actor} signed out."
    TEAM_CREATED = "catalog.team_created", "{actor} created the team {object}."
    TEAM_MEMBER_ADDED = "catalog.team_member_added", "{actor} added {person} to the team {object}."
    TEAM_MEMBER_REMOVED = (
        "catalog.team_member_removed",
        "{actor} removed {person} from the team {object}.",
    )
    ROLE_CREATED = "catalog.role_created", "{actor} created the role {object}: {what}."
    ROLE_CHANGED = "catalog.role_changed", "{actor} changed the role {object}: {what}."
    MEMBERSHIP_GIVEN = (
        "catalog.membership_given",
        "{actor} gave {member} the role {role} in {project}{limits}.",
    )
    MEMBERSHIP_ENDED = (
        "catalog.membership_ended",
        "{actor} ended the role {role} of {member} in {project}.",
    )
    MEMBERSHIP_EXPIRED = (
        "catalog.membership_expired",
        "The role {role} of {member} in {project} ran out.",
    )
    SERVICE_ACCOUNT_CREATED = (
        "catalog.service_account_created",
        "{actor} created the service account {account} in {project}.",
    )
    SERVICE_ACCOUNT_DEACTIVATED = (
        "catalog.service_account_deactivated",
        "{actor} deactivated the service account {account}.",
    )
    TOKEN_ISSUED = (
        "catalog.token_issued",
        "{actor} issued the token {object}… for {account}, valid until {until}.",
    )
    TOKEN_REVOKED = "catalog.token_revoked", "{actor} revoked the token {object}… of {account}."
    ARTIFACT_VERSION_REGISTERED = (
        "catalog.artifact_version_registered",
        "{actor} registered {object} as {digest}.",
    )
