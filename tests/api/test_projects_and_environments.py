import pytest

from deployments.models import Deployment, DeploymentState, DeploymentStep, StepState

PROJECTS = "/api/v1/projects/"


def test_a_project_is_created_read_changed_and_listed(world):
    admin = world.as_("admin")
    made = admin.post(PROJECTS, {"slug": "new", "name": "New", "risk_tier": "low"})
    assert made.status_code == 201
    path = f"{PROJECTS}new/"
    assert admin.get(path).json() == made.json()
    changed = admin.patch(path, {"risk_tier": "critical", "description": "Matters."})
    assert changed.json() == made.json() | {"risk_tier": "critical", "description": "Matters."}
    assert [
        row["slug"] for row in admin.get(f"{PROJECTS}?risk_tier=critical").json()["results"]
    ] == ["new"]


def test_a_taken_slug_is_409_and_names_the_field(world):
    body = {"slug": world.project.slug, "name": "Again", "risk_tier": "low"}
    answer = world.as_("admin").post(PROJECTS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert list(answer.json()["errors"]) == ["slug"]


def test_one_sees_the_projects_one_has_a_role_in(world):
    assert world.project and world.other_project

    def slugs(who):
        return [row["slug"] for row in world.as_(who).get(PROJECTS).json()["results"]]

    assert slugs("vera") == ["payments"]
    assert slugs("olga") == []
    assert slugs("admin") == ["lending", "payments"]
    assert world.as_("vera").get(f"{PROJECTS}lending/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 3),
        ("risk_tier", "none"),
        ("description", "x" * 2001),
        ("slug", "other"),
    ],
)
def test_a_change_that_does_not_fit_is_named(world, field, value):
    answer = world.as_("oskar").patch(world.at(), {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_an_environment_is_added_listed_and_changed(world):
    oskar, path = world.as_("oskar"), world.at("environments/")
    made = oskar.post(path, {"name": "dev", "tier": "development"})
    assert made.status_code == 201
    assert made.json()["position"] == 3
    names = [row["name"] for row in world.as_("vera").get(path).json()["results"]]
    assert names == ["dev", "production", "staging"]
    changed = oskar.patch(world.at("environments/dev/"), {"position": 1, "tier": "testing"})
    assert (changed.json()["position"], changed.json()["tier"]) == (1, "testing")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Dev"),
        ("name", "x" * 64),
        ("name", None),
        ("tier", "moon"),
        ("position", -1),
        ("position", "1"),
        ("position", 40_000),
        ("position", True),
        ("colour", "red"),
    ],
)
def test_a_field_of_an_environment_that_does_not_fit_is_named(world, field, value):
    body = {"name": "dev", "tier": "development", "position": 5} | {field: value}
    answer = world.as_("oskar").post(world.at("environments/"), body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_taken_name_or_position_is_409(world):
    for body in [
        {"name": "staging", "tier": "staging"},
        {"name": "dev", "tier": "development", "position": 1},
    ]:
        answer = world.as_("oskar").post(world.at("environments/"), body)
        assert answer.status_code == 409, answer.content


def test_an_environment_to_which_nothing_came_yet_runs_nothing(world):
    answer = world.as_("vera").get(world.at("environments/staging/")).json()
    assert (answer["should_run"], answer["runs"], answer["release"]) == ([], [], None)
    assert world.as_("olga").get(world.at("environments/staging/")).status_code == 404
    assert world.as_("vera").get(world.at("environments/moon/")).status_code == 404


@pytest.mark.parametrize("verified", [True, False])
def test_what_runs_is_what_was_compared_with_the_running_pods(world, verified):
    from django.utils import timezone  # noqa: PLC0415 -- only here

    release = world.release()
    asked = world.request(release)
    now = timezone.now()
    deployment = Deployment.objects.create(
        change_request_id=asked["number"],
        environment=world.project.environments.get(name="staging"),
        state=DeploymentState.SUCCEEDED,
        give_up_at=now,
        lease_until=now,
        finished_at=now,
    )
    if verified:
        DeploymentStep.objects.create(
            deployment=deployment, position=1, verb="verify", title="Verify", state=StepState.DONE
        )
    answer = world.as_("vera").get(world.at("environments/staging/")).json()
    item = release["items"][0]
    assert answer["release"] == release["version"]
    assert answer["change_request"] == asked["number"]
    assert answer["should_run"] == [
        {
            "artifact": item["artifact"],
            "kind": "image",
            "version": item["version"],
            "artifact_version": item["id"],
            "digest": item["digest"],
            "release": release["version"],
            "change_request": asked["number"],
        }
    ]
    assert answer["runs"] == (answer["should_run"] if verified else [])
