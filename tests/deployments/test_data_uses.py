"""From a state of data to everything that was made from it, and to where that runs."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import User
from deployments.lineage.states import is_digest, spellings, states_named
from deployments.lineage.uses import FOR_A_PAGE, uses_of
from models_registry.models import Intake, ModelVersion
from releases.actions.add_evidence import add_evidence
from tests.releases.scene import make_scene
from tests.releases.test_comparison import model, serve
from tests.releases.test_data_changes import ONE, TWO, lock

THREE = "3" * 32
BAD = f"md5:{ONE}"


def pipeline(raw, features, name="features"):
    """A lock in which one stage makes features of raw data, and another trains on them."""
    return (
        "schema: '2.0'\nstages:\n  prepare:\n    cmd: x\n"
        f"    deps:\n    - path: raw\n      hash: md5\n      md5: {raw}\n"
        f"    outs:\n    - path: {name}\n      hash: md5\n      md5: {features}\n"
        "  train:\n    cmd: y\n"
        f"    deps:\n    - path: {name}\n      hash: md5\n      md5: {features}\n"
    ).encode()


@pytest.fixture
def scene(db):
    return make_scene()


def made_from(scene, md5=ONE, artifact="credit"):
    version = model(scene, artifact=artifact, datasets=[])
    scene.evidence(version, lock(md5), kind="dvc")
    return version


def ask(scene, digest=BAD, most=FOR_A_PAGE):
    return uses_of(digest, reader=scene.admin, most=most)


def names(uses):
    return [use.name for use in uses.versions]


def places(uses):
    return [(each.use.name, each.environment) for each in uses.serving]


def test_what_serves_is_found_by_the_digest_of_its_data(scene):
    version = made_from(scene)
    made_from(scene, TWO, "fraud")
    done = serve(scene, version)
    uses = ask(scene)
    assert names(uses) == [str(version)]
    (serving,) = uses.serving
    assert (serving.environment, serving.label) == ("staging", done.change_request.label)
    assert serving.use.through == ["data/loans.parquet (dvc.lock)"]
    assert (uses.names, uses.remarks) == (["data/loans.parquet"], [])


def test_what_was_replaced_is_listed_and_does_not_serve(scene):
    old = made_from(scene)
    serve(scene, old)
    serve(scene, made_from(scene, TWO))
    uses = ask(scene)
    assert (names(uses), places(uses)) == ([str(old)], [])


@pytest.mark.parametrize("asked", [ONE, BAD])
@pytest.mark.parametrize("logged", [ONE, BAD])
def test_the_same_digest_is_found_however_it_is_written(scene, asked, logged):
    row = {"name": "loans", "digest": logged, "strength": "strong"}
    version = model(scene, datasets=[row])
    assert names(ask(scene, asked)) == [str(version)]


def test_mlflows_own_digest_is_found_and_said_to_prove_little(scene):
    row = {"name": "loans", "digest": "delta:t@3", "strength": "strong", "said": "c4cf349b"}
    version = model(scene, datasets=[row])
    uses = ask(scene, "c4cf349b")
    assert names(uses) == [str(version)]
    assert "over the first rows only: other content may have the same one" in uses.remarks[0]
    assert ask(scene, "delta:t@3").remarks == []


def test_those_that_name_the_data_and_not_its_state_are_counted(scene):
    strong = model(scene, datasets=[{"name": "loans", "digest": ONE, "strength": "strong"}])
    model(scene, datasets=[{"name": "loans", "digest": TWO, "strength": "strong"}])
    model(scene, datasets=[{"name": "loans", "digest": "c4cf349b", "strength": "weak"}])
    model(scene, datasets=[{"name": "homes", "digest": "", "strength": "none"}])
    uses = ask(scene)
    assert names(uses) == [str(strong)]
    (remark,) = uses.remarks
    assert remark.startswith("1 other version names loans by a digest that does not identify")


def test_data_that_was_prepared_from_it_is_followed_to_other_pipelines(scene):
    first, second, third = (model(scene, artifact=f"m{n}", datasets=[]) for n in range(3))
    scene.evidence(first, pipeline(ONE, TWO), kind="dvc")
    scene.evidence(second, pipeline(TWO, THREE, name="second"), kind="dvc")
    scene.evidence(third, lock(THREE, path="bought"), kind="dvc")
    serve(scene, third)
    uses = ask(scene)
    assert set(names(uses)) == {str(first), str(second), str(third)}
    assert places(uses) == [(str(third), "staging")]
    assert uses.serving[0].use.through == ["bought, prepared from raw (dvc.lock)"]
    assert [(state.name, state.made_from) for state in uses.prepared] == [
        ("features", "raw"),
        ("second", "raw"),
    ]
    assert set(names(ask(scene, f"md5:{THREE}"))) == {str(second), str(third)}


def test_a_report_that_was_replaced_by_a_newer_one_counts_no_more(scene):
    version = made_from(scene)
    scene.evidence(version, lock(TWO), kind="dvc")
    assert names(ask(scene)) == []
    assert names(ask(scene, f"md5:{TWO}")) == [str(version)]


def test_a_report_about_a_release_speaks_of_its_models_in_that_release_only(scene):
    version, image = model(scene, datasets=[]), scene.version("api")
    bad = scene.release(version, image, tested=False)
    add_evidence(bad, kind="dvc", stream=io.BytesIO(lock(ONE)), by=scene.admin)
    serve(scene, version)
    assert (names(ask(scene)), places(ask(scene))) == ([str(version)], [])
    serve(scene, release=bad)
    assert places(ask(scene)) == [(str(version), "staging")]


def test_a_report_about_a_release_that_was_replaced_by_a_newer_one_counts_no_more(scene):
    version = model(scene, artifact="credit", datasets=[])
    release = serve(scene, version).change_request.release
    scene.evidence(release, lock(ONE), kind="dvc")
    assert names(ask(scene)) == [str(version)]
    scene.evidence(release, lock(TWO), kind="dvc")
    assert (names(ask(scene)), places(ask(scene))) == ([], [])
    assert names(ask(scene, f"md5:{TWO}")) == [str(version)]
    scene.evidence(release, b"schema: '2.0'\nstages: {}\n", kind="dvc")
    assert names(ask(scene, f"md5:{TWO}")) == []


def test_what_is_on_its_way_is_named_until_it_has_come_to_its_end(scene):
    version = made_from(scene)
    scene.in_force(scene.production, gates=[], approvals=[])
    request = scene.request(scene.release(version, tested=False), scene.production)
    (coming,) = ask(scene).coming
    assert (coming.label, coming.environment, coming.names) == (
        request.label,
        "production",
        [str(version)],
    )
    type(request).objects.filter(pk=request.pk).update(state="withdrawn")
    assert ask(scene).coming == []


def test_what_serves_is_never_cut_and_what_is_cut_is_said(scene):
    oldest = made_from(scene)
    serve(scene, oldest)
    rest = [made_from(scene) for _ in range(3)]
    uses = ask(scene, most=1)
    assert names(uses) == [str(rest[-1]), str(oldest)]
    assert uses.remarks == [
        "Of those that neither serve nor are on their way, the newest 1 of 3 are shown."
    ]


def test_a_data_set_in_the_catalog_is_found_by_its_own_digest(scene):
    loans = scene.version("loans", kind="dataset")
    serve(scene, loans)
    uses = ask(scene, loans.digest)
    assert uses.serving[0].use.through == ["the data itself, in the catalog"]


def test_nobody_sees_anything_of_projects_that_are_not_theirs(scene):
    version = model(scene, datasets=[])
    scene.evidence(version, pipeline(ONE, TWO), kind="dvc")
    serve(scene, version)
    assert ask(scene).prepared
    stranger = User.objects.create_user("olga", "olga@example.com", full_name="Olga")
    uses = uses_of(BAD, reader=stranger, most=FOR_A_PAGE)
    assert not (uses.versions or uses.serving or uses.coming or uses.prepared or uses.names)
    assert states_named("data/loans.parquet", reader=stranger, most=9) == []


def test_a_name_has_states_each_with_how_often_it_is_named(scene):
    for md5 in (ONE, ONE, TWO):
        made_from(scene, md5)
    found = states_named("data/loans.parquet", reader=scene.admin, most=9)
    assert {state.digest: count for state, count in found} == {BAD: 2, f"md5:{TWO}": 1}


def test_it_costs_the_same_for_much(scene):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            ask(scene)
        return len(seen)

    serve(scene, made_from(scene))
    scene.request(scene.release(made_from(scene), tested=False))
    few = cost()
    for number in range(3):
        serve(scene, made_from(scene, artifact=f"m{number}"))
        scene.request(scene.release(made_from(scene), tested=False))
    assert cost() == few


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (BAD, True), (ONE, True), ("c4cf349b", True), ("delta:t@3", True), (f"{ONE}.dir", True),
        ("loans", False), ("facade", False), ("s3://lake/loans", False), ("md5:", False),
    ],
)  # fmt: skip
def test_a_digest_is_told_from_a_name(said, answer):
    assert is_digest(said) is answer


def test_a_data_set_whose_name_looks_like_a_digest_has_its_states_on_the_page(scene, client):
    version = model(scene, datasets=[])
    scene.evidence(version, lock(ONE, path="20261101"), kind="dvc")
    client.force_login(scene.admin)
    answer = client.get(reverse("deployments:data"), {"q": "20261101"}).content.decode()
    assert f"?q=md5%3A{ONE}" in answer


def test_what_perhaps_arrived_is_named_beside_what_is_on_its_way(scene, monkeypatch):
    from deployments.lineage import uses  # noqa: PLC0415 -- the seam of this test
    from deployments.running import Doubt, Now  # noqa: PLC0415 -- the seam of this test

    request = scene.request(scene.release(made_from(scene), tested=False))
    type(request).objects.filter(pk=request.pk).update(state="errored")
    assert ask(scene).coming == []
    doubt = Doubt(number=request.number, artifacts=("credit",))
    monkeypatch.setattr(
        uses, "what_runs", lambda places: [(p, Now(doubts=(doubt,))) for p in places]
    )
    assert [each.label for each in ask(scene).coming] == [request.label]


def test_a_weak_digest_is_not_taken_for_a_strong_one_of_the_same_digits():
    assert spellings(f"md5-dos2unix:{ONE}") == {f"md5-dos2unix:{ONE}"}
    assert f"md5-dos2unix:{ONE}" not in spellings(ONE)
    commit = "5d1c" * 10
    assert spellings(commit) == spellings(f"git:{commit}") == {commit, f"git:{commit}"}


def test_the_page_answers_for_a_digest_and_shows_the_states_of_a_name(scene, client):
    version = made_from(scene)
    serve(scene, version)
    client.force_login(scene.admin)
    page = reverse("deployments:data")
    assert "Which data?" in client.get(page).content.decode()
    answer = client.get(page, {"q": BAD}).content.decode()
    assert "What was made from data/loans.parquet" in answer
    assert str(version) in answer
    named = client.get(page, {"q": "data/loans.parquet"}).content.decode()
    assert f"?q=md5%3A{ONE}" in named
    assert "Nobody names it" in client.get(page, {"q": "nothing like it"}).content.decode()
    for odd in ("\x00", "x" * 500, "delta:", "é🙂"):
        assert client.get(page, {"q": odd}).status_code == 200


def test_a_version_that_is_still_taken_in_is_told_of_where_nothing_else_names_the_data(
    scene, client
):
    named = {"name": "loans", "digest": BAD, "strength": "strong"}
    known = model(scene, datasets=[]).model_version.model
    ModelVersion.objects.create(model=known, number=99, intake=Intake.WAITING, datasets=[named])
    client.force_login(scene.admin)
    answer = client.get(reverse("deployments:data"), {"q": BAD}).content.decode()
    assert "Named by 1 model version whose intake is not complete" in answer
    assert "Nobody names it" not in answer
