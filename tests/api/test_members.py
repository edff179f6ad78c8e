from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.actions.create_team import create_team
from catalog.models import Membership
from tests import factories


def give(world, who="oskar", **body):
    return world.as_(who).post(world.at("members/"), {"role": "viewer"} | body)


@pytest.fixture
def newcomer(world):
    assert world.project
    factories.person("nora")
    return "nora"


def test_a_role_is_given_and_holds_at_once_and_ends_at_once(world, newcomer):
    assert world.as_(newcomer).get(world.at()).status_code == 404
    made = give(world, user=newcomer)
    assert made.status_code == 201
    assert made.json()["user"] == newcomer
    assert made.json()["team"] is None
    assert world.as_(newcomer).get(world.at()).status_code == 200
    path = f"/api/v1/members/{made.json()['id']}/"
    assert world.as_("oskar").delete(path).status_code == 204
    assert world.as_(newcomer).get(world.at()).status_code == 404
    again = world.as_("oskar").delete(path)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_moment")


def test_a_team_may_have_a_role_in_some_environments_until_a_date(world):
    assert world.project
    create_team(slug="crew", name="Crew", by=factories.admin())
    until = (timezone.now() + timedelta(days=30)).isoformat()
    made = give(world, team="crew", role="developer", environments=["staging"], expires_at=until)
    assert made.status_code == 201
    assert made.json()["team"] == "crew"
    assert made.json()["environments"] == ["staging"]
    assert made.json()["expires_at"] is not None
    listed = world.as_("vera").get(world.at("members/?team=crew")).json()["results"]
    assert listed == [made.json()]


def test_members_are_found_by_user_and_role(world):
    rows = world.as_("vera").get(world.at("members/?user=tom&role=developer")).json()["results"]
    assert [(row["user"], row["role"]) for row in rows] == [("tom", "developer")]


def test_the_same_role_twice_is_409(world):
    assert give(world, user="tom", role="developer").status_code == 409


def test_nobody_gives_themselves_a_role(world):
    assert give(world, user="oskar", role="security").status_code == 403


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "user"),
        ({"user": "nora", "team": "crew"}, "team"),
        ({"user": "nobody-at-all"}, "user"),
        ({"user": 7}, "user"),
        ({"team": "no-such-team"}, "team"),
        ({"user": "nora", "role": "king"}, "role"),
        ({"user": "nora", "role": None}, "role"),
        ({"user": "nora", "environments": ["moon"]}, "environments"),
        ({"user": "nora", "environments": "staging"}, "environments"),
        ({"user": "nora", "environments": [1]}, "environments[0]"),
        ({"user": "nora", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"user": "nora", "expires_at": "later"}, "expires_at"),
        ({"user": "nora", "since": "now"}, "since"),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, newcomer, body, named):
    before = Membership.objects.count()
    answer = give(world, **body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]
    assert Membership.objects.count() == before


def test_a_membership_of_another_project_is_not_there(world):
    factories.member("vera", world.other_project)
    foreign = Membership.objects.get(project=world.other_project, user__username="vera")
    assert world.as_("oskar").delete(f"/api/v1/members/{foreign.pk}/").status_code == 404
