"""The roles every installation starts with. Custom ones are added beside them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuiltInRole:
    """A role as it is seeded: its slug, its title, what it is for, and its verbs."""

    slug: str
    title: str
    description: str
    permissions: tuple[str, ...]


_SEE = ("view_project",)
_BUILD = ("register_artifact", "add_evidence", "seal_release", "submit_change")

BUILT_IN_ROLES = (
    BuiltInRole("viewer", "Viewer", "Sees everything in the project.", _SEE),
    BuiltInRole(
        "developer",
        "Developer",
        "Builds, seals releases, asks for changes, and signs for engineering.",
        (*_SEE, *_BUILD, "approve_change"),
    ),
    BuiltInRole(
        "data-scientist",
        "Data scientist",
        "Trains and registers models, writes their cards, and signs for data science.",
        (*_SEE, *_BUILD, "edit_model_card", "approve_change"),
    ),
    BuiltInRole(
        "validator",
        "Validator",
        "Checks models independently of those who made them, and signs for it.",
        (*_SEE, "add_evidence", "edit_model_card", "approve_change"),
    ),
    BuiltInRole(
        "release-manager",
        "Release manager",
        "Runs releases from sealing to production.",
        (
            *_SEE,
            *_BUILD,
            "approve_change",
            "deploy_to_environment",
            "activate_policy",
            "view_audit",
        ),
    ),
    BuiltInRole(
        "operator",
        "Operator",
        "Keeps environments and targets running.",
        (*_SEE, "manage_project", "deploy_to_environment", "approve_change"),
    ),
    BuiltInRole(
        "security",
        "Security",
        "Signs for security.",
        (*_SEE, "add_evidence", "approve_change", "view_audit"),
    ),
    BuiltInRole(
        "risk",
        "Risk and compliance",
        "Signs for risk, and chooses policies.",
        (*_SEE, "edit_model_card", "approve_change", "activate_policy", "view_audit"),
    ),
    BuiltInRole(
        "product-owner",
        "Product owner",
        "Signs for the product.",
        (*_SEE, "edit_model_card", "submit_change", "approve_change"),
    ),
    BuiltInRole("auditor", "Auditor", "Reads everything, changes nothing.", (*_SEE, "view_audit")),
    BuiltInRole(
        "project-admin",
        "Project administrator",
        "Runs the project; signs nothing.",
        (
            *_SEE,
            "manage_project",
            "manage_members",
            "manage_service_accounts",
            "activate_policy",
            "view_audit",
        ),
    ),
    BuiltInRole(
        "ci",
        "Continuous integration",
        "What a pipeline needs: artifacts, evidence, releases, requests.",
        (*_SEE, *_BUILD, "edit_model_card"),
    ),
)
