"""The people and machines of the demo."""

from dataclasses import dataclass

from catalog.actions.add_identity import add_identity
from catalog.actions.create_person import create_person
from catalog.actions.create_service_account import create_service_account
from catalog.actions.give_membership import give_membership
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import IdentityKind, Project, Role, User, the_portal

PASSWORD = "gatehouse-demo"  # noqa: S105 -- printed at start; the demo listens on loopback only
DOMAIN = "demo.example"


@dataclass(frozen=True)
class Person:
    """One of the cast: who, and which role in which project."""

    username: str
    full_name: str
    job_title: str
    payments: tuple[str, ...] = ()
    credit: tuple[str, ...] = ()
    scm_login: str = ""
    portal: tuple[str, ...] = ()


CAST = (
    Person("priya", "Priya Raman", "Release manager", ("release-manager",), ("release-manager",)),
    Person("tom", "Tom Becker", "Engineer", ("developer",), (), "tbecker"),
    Person("dana", "Dana Kim", "Engineer", ("developer",), ("developer",), "danakim"),
    Person("mei", "Mei Tanaka", "Data scientist", (), ("data-scientist",), "meit"),
    Person("lena", "Lena Vogt", "Data scientist", (), ("data-scientist",), "lvogt"),
    Person("viktor", "Viktor Hale", "Model validator", (), ("validator",)),
    Person("sofia", "Sofia Marino", "Security engineer", ("security",), ("security",)),
    Person(
        "rashid",
        "Rashid Haddad",
        "Risk and compliance",
        ("risk",),
        ("risk",),
        portal=("edit_policies", "manage_privacy"),
    ),
    Person("ines", "Inês Duarte", "Product owner", ("product-owner",), ("product-owner",)),
    Person(
        "audrey",
        "Audrey Lefèvre",
        "Auditor",
        ("auditor",),
        ("auditor",),
        portal=("view_whole_audit",),
    ),
    Person(
        "oskar", "Oskar Lind", "Platform engineer", ("operator", "project-admin"), ("operator",)
    ),
)


def create_admin() -> User:
    """Return the demo's administrator."""
    return create_person(
        username="admin",
        full_name="Ada Nilsson",
        email=f"admin@{DOMAIN}",
        job_title="Administrator",
        password=PASSWORD,
        is_superuser=True,
        by=the_portal(),
    )


def create_people(admin: User) -> dict[str, User]:
    """Return the cast by username."""
    people = {"admin": admin}
    for each in CAST:
        person = create_person(
            username=each.username,
            full_name=each.full_name,
            email=f"{each.username}@{DOMAIN}",
            job_title=each.job_title,
            password=PASSWORD,
            by=admin,
        )
        if each.scm_login:
            add_identity(person, kind=IdentityKind.SCM_LOGIN, value=each.scm_login, by=admin)
        if each.portal:
            set_portal_permissions(person, permissions=each.portal, by=admin)
        people[each.username] = person
    return people


def give_roles(payments: Project, credit: Project, people: dict[str, User]) -> None:
    """Give everybody their roles in both projects."""
    roles = {role.slug: role for role in Role.objects.all()}
    for each in CAST:
        for project, slugs in ((payments, each.payments), (credit, each.credit)):
            for slug in slugs:
                give_membership(
                    project, role=roles[slug], user=people[each.username], by=people["admin"]
                )


def create_machine(project: Project, username: str, people: dict[str, User]) -> User:
    """Return the account of the project's pipeline."""
    account = create_service_account(
        project,
        username=username,
        description="Builds, tests and asks for releases",
        by=people["admin"],
    )
    role = Role.objects.get(slug="ci")
    give_membership(project, role=role, user=account.user, by=people["admin"])
    return account.user
