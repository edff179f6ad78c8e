"""Who may do what, how they got it, and which combinations are odd."""

import pytest

from catalog.actions.add_team_member import add_team_member
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.give_membership import give_membership
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import Role
from releases.access.access import access_in
from releases.access.export import HEADER, as_csv
from releases.access.rights import Way
from tests import factories
from tests.pages.world import World


@pytest.fixture
def world(transactional_db):
    return World.make()


def rights_of(world, username):
    return [r for r in access_in(world.project).rights if r.account.username == username]


def odd(world, username):
    found = access_in(world.project).combinations
    return {each.name: each for each in found if each.account.username == username}


def test_a_role_of_ones_own_is_a_right_in_every_environment(world):
    [right] = rights_of(world, "tom")
    assert (right.way, right.role, right.environments) == (
        Way.DIRECT,
        "developer",
        ("staging", "production"),
    )
    assert right.counts_for == ("Engineering in staging", "Engineering in production")
    assert right.how == "given by Admin"
    assert "signs" in right.powers


def test_a_role_for_one_environment_counts_there_only(world):
    factories.member("lena", world.project, "security", environments=[world.staging])
    [right] = rights_of(world, "lena")
    assert right.environments == ("staging",)
    assert right.counts_for == ("Security in staging",)


def test_a_teams_role_is_a_right_of_each_member(world):
    admin = factories.admin()
    team = create_team(slug="night-shift", name="Night shift", by=admin)
    add_team_member(team, factories.person("nils"), by=admin)
    role = Role.objects.get(slug="operator")
    give_membership(world.project, role=role, team=team, by=admin)
    [right] = rights_of(world, "nils")
    assert (right.way, right.team) == (Way.TEAM, team)
    assert right.how == "through the team Night shift"


def test_portal_permissions_and_superusers_reach_into_every_project(world):
    set_portal_permissions(world.rashid, permissions=["edit_policies"], by=factories.admin())
    ways = {right.way for right in rights_of(world, "rashid")}
    assert ways == {Way.DIRECT, Way.PORTAL}
    [standing] = [right for right in rights_of(world, "admin") if right.way == Way.SUPERUSER]
    assert "signs" not in standing.powers
    assert "administers" in standing.powers


def test_whoever_is_deactivated_holds_nothing(world):
    deactivate_person(world.tom, by=factories.admin())
    assert rights_of(world, "tom") == []


def test_when_a_right_was_last_used_is_known_from_the_log(world):
    assert rights_of(world, "tom")[0].last_used is None
    change = world.signed(world.request(), "tom")
    assert rights_of(world, "tom")[0].last_used >= change.requested_at
    assert rights_of(world, "ines")[0].last_used is None


def test_a_machine_holds_no_signature_whatever_its_role_says(world):
    role = create_role(
        slug="robot",
        title="Robot",
        permissions=["view_project", "approve_change"],
        by=factories.admin(),
    )
    account = factories.service_account(world.project, role="")
    give_membership(world.project, role=role, user=account.user, by=factories.admin())
    [right] = rights_of(world, "payments-ci")
    assert "signs" not in right.powers
    assert "machine-with-signing-role" in odd(world, "payments-ci")


# ── combinations ─────────────────────────────────────────────────────────────────────────────────


def test_the_usual_cast_is_not_odd(world):
    assert odd(world, "tom") == {}
    assert odd(world, "oskar") == {}
    assert odd(world, "audrey") == {}


def test_who_counts_for_every_rule_and_asks_is_odd(world):
    factories.member("tom", world.project, "security")
    found = odd(world, "tom")
    assert set(found) == {"asks-and-signs-all", "several-rules"}
    assert found["asks-and-signs-all"].environment == ""  # in all of them
    assert len(found["several-rules"].keys) == 2


def test_it_is_said_where_when_it_is_not_so_everywhere(world):
    factories.member("tom", world.project, "security", environments=[world.production])
    assert odd(world, "tom")["several-rules"].environment == "production"


def test_who_chooses_the_policy_and_signs_is_odd(world):
    assert "chooses-policy-and-signs" in odd(world, "rashid")
    assert "chooses-policy-and-signs" in odd(world, "priya")


def test_who_writes_policies_and_puts_them_in_force_is_odd(world):
    assert "writes-and-chooses-policy" not in odd(world, "rashid")
    set_portal_permissions(world.rashid, permissions=["edit_policies"], by=factories.admin())
    assert "writes-and-chooses-policy" in odd(world, "rashid")


def test_who_gives_roles_and_signs_is_odd(world):
    factories.member("oskar", world.project, "developer")
    assert "administers-and-signs" in odd(world, "oskar")


def test_a_superuser_with_a_signing_role_is_odd(world):
    role = Role.objects.get(slug="developer")
    give_membership(world.project, role=role, user=factories.admin(), by=factories.admin())
    assert "administers-and-signs" in odd(world, "admin")


# ── taking it away ───────────────────────────────────────────────────────────────────────────────


def test_the_table_holds_no_formula(world):
    world.tom.__class__.objects.filter(username="tom").update(full_name='=HYPERLINK("http://x")')
    rows = as_csv(access_in(world.project)).decode().splitlines()
    assert rows[0] == ",".join(HEADER)
    [row] = [row for row in rows if row.startswith("tom,")]
    assert "\"'=HYPERLINK" in row


def test_however_many_members_the_queries_are_the_same(world, django_assert_num_queries):
    access_in(world.project)
    for name in ("nils", "nora"):
        factories.member(name, world.project, "developer")
        with django_assert_num_queries(9):
            access_in(world.project)
