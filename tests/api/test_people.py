import pytest

from catalog.models import User
from tests import factories

PEOPLE = "/api/v1/people/"


def test_a_person_is_created_changed_deactivated_and_let_in_again(world):
    admin = world.as_("admin")
    made = admin.post(
        PEOPLE, {"username": "nora", "full_name": "Nora Berg", "email": "nora@example.com"}
    )
    assert made.status_code == 201
    assert made.json()["identities"][0]["value"] == "nora@example.com"
    path = f"{PEOPLE}nora/"
    assert admin.patch(path, {"job_title": "Engineer"}).json()["job_title"] == "Engineer"
    assert admin.post(f"{path}deactivate/").json()["is_active"] is False
    assert admin.post(f"{path}reactivate/").json()["is_active"] is True
    assert not User.objects.get(username="nora").has_usable_password()


def test_a_deactivated_persons_token_opens_nothing(world):
    tom = world.as_("tom")
    assert tom.get("/api/v1/me/").status_code == 200
    world.as_("admin").post(f"{PEOPLE}tom/deactivate/")
    assert tom.get("/api/v1/me/").status_code == 401


def test_what_is_personal_is_shown_to_whom_it_concerns(world):
    assert world.project
    seen = lambda who: world.as_(who).get(f"{PEOPLE}tom/").json()  # noqa: E731 -- said once
    assert seen("tom")["email"] == "tom@example.com"
    assert seen("admin")["email"] == "tom@example.com"
    assert seen("vera")["email"] is None
    assert seen("vera")["identities"] is None
    assert seen("vera")["portal_permissions"] is None
    assert "email" not in world.as_("vera").get(PEOPLE).json()["results"][0]


def test_machines_are_not_people(world):
    name = world.machine.user.username
    assert world.as_("admin").get(f"{PEOPLE}{name}/").status_code == 404
    assert world.as_("admin").get(f"{PEOPLE}gatehouse/").status_code == 404


def test_portal_permissions_are_given_by_superusers(world):
    assert world.project
    path = f"{PEOPLE}tom/portal-permissions/"
    given = world.as_("admin").put(path, {"permissions": ["add_project"]})
    assert given.json()["portal_permissions"] == ["add_project"]
    assert world.as_("tom").get("/api/v1/me/").json()["portal_permissions"] == ["add_project"]
    answer = world.as_("admin").put(path, {"permissions": ["fly"]})
    assert list(answer.json()["errors"]) == ["permissions"]


def test_identities_are_noted_by_others_and_belong_to_one_person(world):
    assert world.project
    admin, body = world.as_("admin"), {"kind": "scm_login", "value": "tbecker"}
    made = admin.post(f"{PEOPLE}tom/identities/", body)
    assert made.status_code == 201
    assert admin.post(f"{PEOPLE}sofia/identities/", body).status_code == 409
    path = f"{PEOPLE}tom/identities/{made.json()['id']}/"
    assert admin.delete(f"{PEOPLE}sofia/identities/{made.json()['id']}/").status_code == 404
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "two words"),
        ("username", "x" * 151),
        ("username", 1),
        ("email", "no address"),
        ("email", "tom@example.com"),
        ("full_name", "x" * 151),
        ("job_title", ["a"]),
        ("password", "short"),
        ("password", "password1234"),
        ("is_superuser", True),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, field, value):
    factories.person("tom")
    answer = world.as_("admin").post(PEOPLE, {"username": "nora"} | {field: value})
    assert answer.status_code in {400, 409}, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "star_sign", "value": "x"}, "kind"),
        ({"kind": "email", "value": 3}, "value"),
        ({"kind": "scm_login", "value": "x" * 255}, "value"),
        ({"kind": "scm_login"}, "value"),
    ],
)
def test_an_identity_that_does_not_fit_is_named(world, body, named):
    factories.person("tom")
    answer = world.as_("admin").post(f"{PEOPLE}tom/identities/", body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]


@pytest.mark.parametrize("name", ["no-such", "%00", "a%2Fb", "x" * 301, "%F0%9F%90%99"])
def test_a_name_that_is_nobodys_is_404(world, name):
    assert world.as_("admin").get(f"{PEOPLE}{name}/").status_code == 404
