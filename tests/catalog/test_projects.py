"""Projects and their path of environments."""

import pytest

from audit.models import Event
from catalog.actions.change_environment import change_environment
from catalog.actions.change_project import change_project
from catalog.actions.create_environment import create_environment
from catalog.actions.create_project import create_project
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted
from catalog.models import Membership, Project, the_portal
from catalog.permissions import Permission, allowed

GOOD = {"slug": "ledger", "name": "Ledger", "risk_tier": "low"}


@pytest.fixture
def priya(make, admin):
    """Somebody who may add projects and is no superuser."""
    return set_portal_permissions(make.person("priya"), permissions=["add_project"], by=admin)


def test_whoever_creates_a_project_administers_it_and_signs_nothing_in_it(priya, events):
    project = create_project(**GOOD, by=priya)
    create_environment(project, name="staging", tier="staging", by=priya)
    assert Membership.objects.get(project=project).role.slug == "project-admin"
    assert allowed(priya, Permission.MANAGE_MEMBERS, project)
    assert not allowed(priya, Permission.APPROVE_CHANGE, project.environments.get())
    assert events() == [
        "Priya Raman created the project ledger (low risk).",
        "Priya Raman added the environment ledger/staging (staging) at position 1.",
    ]


def test_the_portal_may_create_one_and_is_no_member(db):
    project = create_project(**GOOD, by=the_portal())
    assert not project.memberships.exists()


def test_without_add_project_nobody_does(make):
    with pytest.raises(NotPermitted, match="add_project"):
        create_project(**GOOD, by=make.person("tom"))
    assert not Project.objects.exists()


def test_a_slug_is_taken_once(priya):
    create_project(**GOOD, by=priya)
    with pytest.raises(AlreadyExists) as refused:
        create_project(**GOOD, by=priya)
    assert list(refused.value.fields) == ["slug"]
    assert "choose another slug" in refused.value.sentence


WRONG = [
    ("slug", ""),
    ("slug", "Ledger"),
    ("slug", "-ledger"),
    ("slug", "ledger\n"),
    ("slug", "l" * 64),
    ("slug", 7),
    ("slug", None),
    ("slug", ["ledger"]),
    ("slug", "led\x00ger"),
    ("name", ""),
    ("name", "n" * 101),
    ("name", "half a \ud83d"),
    ("name", {"en": "Ledger"}),
    ("risk_tier", "none"),
    ("risk_tier", True),
    ("description", "d" * 2001),
    ("description", "nul\x00"),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: repr(value)[:20])
def test_a_field_that_does_not_fit_is_named(priya, field, value):
    with pytest.raises(InvalidInput) as refused:
        create_project(**{**GOOD, field: value}, by=priya)
    assert list(refused.value.fields) == [field]
    assert not Project.objects.exists()


def test_all_fields_that_do_not_fit_are_named_at_once(priya):
    with pytest.raises(InvalidInput) as refused:
        create_project(slug="A B", name="", risk_tier="x", by=priya)
    assert list(refused.value.fields) == ["slug", "name", "risk_tier"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_same_slug_at_once_one_gets_it(make, at_once):
    admin = make.admin()

    def create():
        return create_project(**GOOD, by=admin)

    results = at_once(create, create, create)
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists"] * 2 + ["Project"]
    assert Event.objects.filter(type="catalog.project_created").count() == 1


def test_a_change_says_what_changed(project, oskar, events):
    changed = change_project(project, name="Payments API", risk_tier="critical", by=oskar)
    assert (changed.name, changed.risk_tier) == ("Payments API", "critical")
    assert events() == [
        (
            "Oskar Lind changed the project payments: name from Payments to Payments API, "
            "risk tier from high to critical."
        )
    ]


def test_a_change_that_changes_nothing_leaves_no_event(project, oskar, events):
    change_project(project, name=project.name, by=oskar)
    change_project(project, by=oskar)
    assert events() == []


def test_a_change_that_does_not_fit_changes_nothing(project, oskar, events):
    with pytest.raises(InvalidInput):
        change_project(project, name="Fine", risk_tier="x", by=oskar)
    assert Project.objects.get().name == "Payments"
    assert events() == []


def test_without_manage_project_nobody_changes_it(make, project):
    tom = make.member("tom", project)
    staging = project.environments.first()
    with pytest.raises(NotPermitted, match="manage_project"):
        change_project(project, name="Mine", by=tom)
    with pytest.raises(NotPermitted):
        create_environment(project, name="mine", tier="testing", by=tom)
    with pytest.raises(NotPermitted):
        change_environment(staging, tier="development", by=tom)


def test_an_environment_comes_last_unless_told_otherwise(project, oskar):
    assert create_environment(project, name="canary", tier="production", by=oskar).position == 3
    first = create_environment(project, name="dev", tier="development", position=0, by=oskar)
    assert first.position == 0


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "staging", AlreadyExists),
        ("name", "Staging 2", InvalidInput),
        ("tier", "prod", InvalidInput),
        ("position", 2, AlreadyExists),
        ("position", -1, InvalidInput),
        ("position", 1000, InvalidInput),
        ("position", 10**12, InvalidInput),
        ("position", "3", InvalidInput),
        ("position", True, InvalidInput),
    ],
)
def test_an_environments_field_that_does_not_fit_is_named(project, oskar, field, value, error):
    facts = {"name": "canary", "tier": "production", "position": 7, field: value}
    with pytest.raises(error) as refused:
        create_environment(project, **facts, by=oskar)
    assert list(refused.value.fields) == [field]


@pytest.fixture
def path(make):
    places = [(name, "testing") for name in "abcd"]
    return make.project("path", environments=places)


def order(project):
    return "".join(project.environments.order_by("position").values_list("name", flat=True))


@pytest.mark.parametrize(
    ("moved", "to", "result"),
    [("a", 3, "bcad"), ("d", 1, "dabc"), ("b", 3, "acbd"), ("c", 2, "acbd"), ("a", 9, "bcda")],
)
def test_an_environment_moves_as_in_a_list(path, admin, moved, to, result):
    environment = path.environments.get(name=moved)
    assert change_environment(environment, position=to, by=admin).position == to
    assert order(path) == result
    assert path.environments.get(name=moved).position == to


def test_a_move_is_told_with_the_path_that_came_of_it(path, admin, events):
    change_environment(path.environments.get(name="a"), position=3, tier="staging", by=admin)
    assert events() == [
        "Admin changed the environment path/a: tier from testing to staging, position from 1 to 3."
    ]
    assert Event.objects.latest("pk").facts["data"]["path"] == ["b", "c", "a", "d"]


def test_an_environment_that_does_not_change_leaves_no_event(path, admin, events):
    environment = path.environments.get(name="a")
    change_environment(environment, position=1, tier="testing", by=admin)
    with pytest.raises(InvalidInput):
        change_environment(environment, position=5000, by=admin)
    with pytest.raises(InvalidInput):
        change_environment(environment, position=40000, by=admin)
    assert events() == []
    assert order(path) == "abcd"
