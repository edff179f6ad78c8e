import pytest

from tests import factories


def test_a_team_has_members_while_they_are_in_it(world):
    assert world.project
    admin = world.as_("admin")
    assert admin.post("/api/v1/teams/", {"slug": "crew", "name": "Crew"}).status_code == 201
    added = admin.post("/api/v1/teams/crew/members/", {"user": "tom"})
    assert added.json()["members"] == ["tom"]
    assert world.as_("vera").get("/api/v1/teams/crew/").json()["members"] == ["tom"]
    assert admin.post("/api/v1/teams/crew/members/", {"user": "tom"}).status_code == 409
    assert admin.delete("/api/v1/teams/crew/members/tom/").status_code == 204
    assert admin.delete("/api/v1/teams/crew/members/tom/").status_code == 404
    assert world.as_("vera").get("/api/v1/teams/?slug=crew").json()["results"][0]["members"] == []
    assert admin.post("/api/v1/teams/crew/members/", {"user": "nobody"}).status_code == 400
    assert admin.get("/api/v1/teams/none/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("slug", "Crew"), ("slug", 1), ("name", ""), ("name", "x" * 101), ("lead", "tom")],
)
def test_a_field_of_a_team_that_does_not_fit_is_named(world, field, value):
    body = {"slug": "crew", "name": "Crew"} | {field: value}
    answer = world.as_("admin").post("/api/v1/teams/", body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_custom_role_gives_what_it_holds(world):
    factories.person("nora")
    admin = world.as_("admin")
    body = {"slug": "reader", "title": "Reader", "permissions": ["view_project"]}
    made = admin.post("/api/v1/roles/", body)
    assert made.status_code == 201
    assert made.json()["built_in"] is False
    world.as_("admin").post(world.at("members/"), {"user": "nora", "role": "reader"})
    assert world.as_("nora").get(world.at()).status_code == 200
    changed = admin.patch("/api/v1/roles/reader/", {"permissions": ["view_project", "view_audit"]})
    assert changed.json()["permissions"] == ["view_project", "view_audit"]
    assert world.as_("nora").get("/api/v1/audit/events/?project=payments").status_code == 200


def test_a_built_in_role_does_not_change(world):
    answer = world.as_("admin").patch("/api/v1/roles/viewer/", {"title": "King"})
    assert answer.status_code == 409
    assert world.as_("admin").get("/api/v1/roles/viewer/").json()["title"] == "Viewer"
    listed = world.as_("admin").get("/api/v1/roles/?built_in=true&page_size=100").json()["results"]
    assert {"viewer", "ci", "security"} <= {row["slug"] for row in listed}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("slug", "Reader", "slug"),
        ("title", "", "title"),
        ("permissions", ["fly"], "permissions"),
        ("permissions", "view_project", "permissions"),
        ("permissions", [1], "permissions[0]"),
        ("description", "x" * 301, "description"),
        ("built_in", True, "built_in"),
    ],
)
def test_a_field_of_a_role_that_does_not_fit_is_named(world, field, value, named):
    body = {"slug": "reader", "title": "Reader", "permissions": ["view_project"]} | {field: value}
    answer = world.as_("admin").post("/api/v1/roles/", body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]
