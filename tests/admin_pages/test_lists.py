"""Every list of these pages: paged by keyset, with the same few queries however long it is."""

import pytest
from django.urls import reverse

from catalog.models import ApiToken, Membership, Role, ServiceAccount, Team, User
from tests import factories
from tests.releases.scene import policy_document

LISTS = [
    ("catalog:people", []),
    ("catalog:teams", []),
    ("catalog:roles", []),
    ("catalog:role", ["developer"]),
    ("catalog:team", ["team-000"]),
    ("catalog:project-members", ["payments"]),
    ("catalog:project-reach", ["payments"]),
    ("catalog:service-accounts", []),
    ("catalog:project-service-accounts", ["payments"]),
    ("catalog:service-account", ["bot-000"]),
    ("releases:policies", []),
    ("releases:policy", ["standard"]),
]


@pytest.fixture
def crowd(payments, policy):
    """More of everything than goes on one page."""
    from catalog.grants import sync_grants  # noqa: PLC0415 -- needs Django
    from releases.canonical import digest_of  # noqa: PLC0415 -- needs Django
    from releases.models import Policy, PolicyVersion  # noqa: PLC0415 -- needs Django

    admin = factories.admin()
    numbers = range(60)
    people = User.objects.bulk_create(
        User(username=f"p-{n:03}", full_name=f"Person {n}", email=f"p{n}@crowd.example")
        for n in numbers
    )
    machines = User.objects.bulk_create(
        User(username=f"bot-{n:03}", kind="service") for n in numbers
    )
    ServiceAccount.objects.bulk_create(
        ServiceAccount(user=machine, project=payments, created_by=admin) for machine in machines
    )
    teams = Team.objects.bulk_create(Team(slug=f"team-{n:03}", name=f"Team {n}") for n in numbers)
    teams[0].members.set(people)
    Role.objects.bulk_create(
        Role(slug=f"role-{n:03}", title=f"Role {n}", permissions=["view_project"]) for n in numbers
    )
    developer = Role.objects.get(slug="developer")
    Membership.objects.bulk_create(
        Membership(project=payments, user=person, role=developer, created_by=admin)
        for person in people
    )
    sync_grants(payments)
    ApiToken.objects.bulk_create(
        ApiToken(
            user=machines[0],
            name=f"t{n}",
            prefix="gh_x",
            digest=f"{n:064}",
            scopes=["read"],
            created_by=admin,
            expires_at="2099-01-01T00:00:00Z",
        )
        for n in numbers
    )
    Policy.objects.bulk_create(
        Policy(name=f"policy-{n:03}", title=f"Policy {n}", created_by=admin) for n in numbers
    )
    document = policy_document()
    PolicyVersion.objects.bulk_create(
        PolicyVersion(
            policy=policy,
            number=10 + n,
            document=document,
            digest=digest_of(document),
            state="published",
            created_by=admin,
            published_by=admin,
            published_at="2026-01-01T00:00:00Z",
        )
        for n in numbers
    )
    return payments


def test_a_long_list_goes_on_over_pages_with_few_queries(
    crowd, browse, django_assert_max_num_queries
):
    client = browse("admin")
    client.get("/")
    for name, args in LISTS:
        address = reverse(name, args=args)
        with django_assert_max_num_queries(12):
            first = client.get(address).content.decode()
        assert "after=" in first, name
        assert "before=" not in first, name
        further = first.partition("after=")[2].partition('"')[0]
        second = client.get(f"{address}?after={further}").content.decode()
        assert "before=" in second, name


def test_a_place_that_is_none_is_no_error(crowd, browse):
    client = browse("admin")
    for name, args in LISTS:
        for wrong in ("after=", "after=%00", "before=%ff", "after=x&before=y", "before=zzz"):
            answer = client.get(f"{reverse(name, args=args)}?{wrong}")
            assert (name, wrong, answer.status_code) == (name, wrong, 200)
