"""What tests begin with, built through the actions. The cast is always the same people."""

import hashlib
from datetime import timedelta

from django.utils import timezone

from catalog.actions.create_environment import create_environment
from catalog.actions.create_person import create_person
from catalog.actions.create_project import create_project
from catalog.actions.create_service_account import create_service_account
from catalog.actions.give_membership import give_membership
from catalog.actions.issue_token import issue_token
from catalog.actions.register_artifact_version import register_artifact_version
from catalog.models import Project, Role, ServiceAccount, TokenScope, User, the_portal

PASSWORD = "three-quiet-harbours"

CAST = {
    # username: (full name, role in a staffed project)
    "priya": ("Priya Raman", "release-manager"),
    "tom": ("Tom Becker", "developer"),
    "sofia": ("Sofia Marino", "security"),
    "rashid": ("Rashid Haddad", "risk"),
    "ines": ("Inês Duarte", "product-owner"),
    "audrey": ("Audrey Lefèvre", "auditor"),
    "oskar": ("Oskar Lind", "project-admin"),
    "vera": ("Vera Novak", "viewer"),
    "olga": ("Olga Petrova", ""),  # an outsider: no role anywhere
}


def admin() -> User:
    """The portal's superuser."""
    found = User.objects.filter(username="admin").first()
    return found or create_person(
        username="admin",
        full_name="Admin",
        email="admin@example.com",
        password=PASSWORD,
        is_superuser=True,
        by=the_portal(),
    )


def person(username: str) -> User:
    """One of the cast (or somebody new), without any role of their own doing."""
    found = User.objects.filter(username=username).first()
    full_name = CAST.get(username, (username.title(), ""))[0]
    return found or create_person(
        username=username,
        full_name=full_name,
        email=f"{username}@example.com",
        password=PASSWORD,
        by=admin(),
    )


def project(slug: str = "payments", *, risk_tier: str = "high", environments=None) -> Project:
    """A project with staging (1) and production (2); ``environments`` is a list of (name, tier)."""
    made = create_project(
        slug=slug, name=slug.replace("-", " ").title(), risk_tier=risk_tier, by=admin()
    )
    path = [("staging", "staging"), ("production", "production")]
    for name, tier in path if environments is None else environments:
        create_environment(made, name=name, tier=tier, by=admin())
    return made


def member(username: str, project: Project, role: str = "", **limits) -> User:
    """Give one of the cast their role (or another one) in the project."""
    somebody = person(username)
    role = Role.objects.get(slug=role or CAST[username][1])
    give_membership(project, role=role, user=somebody, by=admin(), **limits)
    return somebody


def staffed_project(slug: str = "payments", **options) -> Project:
    """A project in which each of the cast has their role."""
    made = project(slug, **options)
    for username, (_, role) in CAST.items():
        if role:
            member(username, made)
    return made


def service_account(
    project: Project, username: str = "payments-ci", role: str = "ci"
) -> ServiceAccount:
    """A machine with a role in its project; ``.user`` is what acts."""
    account = create_service_account(project, username=username, by=admin())
    if role:
        role = Role.objects.get(slug=role)
        give_membership(project, role=role, user=account.user, by=admin())
    return account


def token(account: User, scopes=None, days: float = 30) -> str:
    """A bearer token of the account, with every scope it can have unless told otherwise."""
    signs = account.is_person
    everything = [s for s in TokenScope.values if signs or s != TokenScope.APPROVE]
    _, plain = issue_token(
        account,
        name="tests",
        scopes=everything if scopes is None else scopes,
        expires_at=timezone.now() + timedelta(days=days),
        by=the_portal(),
    )
    return plain


def digest(text: str) -> str:
    """A digest that stands for the text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def version(project: Project, artifact="payments-api", version="1.0.0", *, by=None, **fields):
    """A container image's version, built by somebody outside the cast."""
    facts = {
        "kind": "image",
        "digest": digest(f"{artifact}:{version}"),
        "uri": f"registry.example.com/{artifact}",
        "repository": f"https://git.example.com/{project.slug}/{artifact}",
        "commit": digest(f"{artifact} {version}")[-40:],
        "authors": [{"name": "Wanda Wood", "email": "wanda@example.com"}],
        "build_url": "https://ci.example.com/builds/1",
    }
    facts.update(fields)
    registered, _ = register_artifact_version(
        project, artifact=artifact, version=version, by=by or admin(), **facts
    )
    return registered
