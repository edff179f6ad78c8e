"""A version is an artifact's state by digest: registered once, never changed, never moved."""

import pytest

from audit.models import Event
from audit.privacy.disclosures import disclosed
from catalog.actions.register_artifact_version import register_artifact_version
from catalog.errors import Conflict, DigestConflict, InvalidInput, NotPermitted
from catalog.models import Artifact, ArtifactVersion


@pytest.fixture
def ci(make, project):
    return make.service_account(project).user


@pytest.fixture
def facts(make):
    return {
        "artifact": "payments-api",
        "kind": "image",
        "version": "1.4.2",
        "digest": make.digest("1.4.2"),
        "uri": "registry.example.com/payments-api",
        "repository": "https://git.example.com/payments/api",
        "commit": "a" * 40,
        "authors": [
            {"name": "Tom Becker", "email": "tom@example.com"},
            {"login": "priya", "name": None, "email": ""},
        ],
        "build_url": "https://ci.example.com/builds/77",
    }


@pytest.fixture
def register(project, ci, facts):
    return lambda **changes: register_artifact_version(project, **{**facts, **changes}, by=ci)


def test_a_version_is_registered_with_what_ci_knows_of_it(register, facts, ci, events):
    version, created = register()
    assert created
    assert (version.artifact.name, version.artifact.kind) == ("payments-api", "image")
    assert version.authors == [
        {"name": "Tom Becker", "email": "tom@example.com"},
        {"login": "priya"},
    ]
    for field in ("version", "digest", "uri", "repository", "commit", "build_url"):
        assert getattr(ArtifactVersion.objects.get(), field) == facts[field]
    assert version.registered_by == ci
    assert events() == [f"payments-ci registered payments-api 1.4.2 as {facts['digest']}."]


def test_its_authors_are_in_no_entry(register):
    register()
    event = Event.objects.latest("pk")
    entry = bytes(event.entry).decode()
    assert not any(word in entry for word in ("Becker", "tom@", "priya"))
    assert event.facts["data"]["number_of_authors"] == 2
    assert disclosed([event.pk])[event.pk]["authors"] == "Tom Becker tom@example.com, priya"


def test_the_same_again_is_the_same_and_leaves_no_event(register, events):
    version, _ = register()
    again, created = register()
    assert (again, created) == (version, False)
    assert len(events()) == 1


def test_the_same_from_another_run_or_told_in_less_is_the_same(register):
    version, _ = register()
    other_run = register(build_url="https://ci.example.com/builds/78", uri="mirror.example.com/api")
    in_less = register(repository="", commit="", authors=[], build_url="", uri="")
    assert other_run == in_less == (version, False)
    assert ArtifactVersion.objects.get().build_url == "https://ci.example.com/builds/77"


def test_the_same_label_with_another_digest_is_refused_naming_both(register, make, facts):
    register()
    moved = make.digest("moved")
    with pytest.raises(DigestConflict) as refused:
        register(digest=moved)
    assert facts["digest"] in refused.value.sentence
    assert moved in refused.value.sentence
    assert refused.value.code == "digest_conflict"
    assert refused.value.extra == {"registered_digest": facts["digest"], "given_digest": moved}
    assert ArtifactVersion.objects.get().digest == facts["digest"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("authors", [{"name": "Somebody Else"}]),
        ("commit", "b" * 40),
        ("repository", "https://git.example.com/fork"),
    ],
)
def test_a_version_does_not_change_who_made_it_from_what(register, field, value):
    register()
    with pytest.raises(Conflict) as refused:
        register(**{field: value})
    assert list(refused.value.fields) == [field]
    assert "under another version" in refused.value.sentence


def test_authors_are_not_added_afterwards(register):
    register(authors=[])
    with pytest.raises(Conflict):
        register()
    assert ArtifactVersion.objects.get().authors == []


def test_an_artifact_is_of_one_kind(register):
    register()
    with pytest.raises(Conflict, match="registered as image, and cannot also be chart"):
        register(kind="chart", version="2")
    assert ArtifactVersion.objects.count() == 1


def test_one_digest_may_have_several_labels_and_one_label_several_artifacts(register, make, admin):
    register()
    register(version="latest-stable")
    register(artifact="payments-worker")
    assert Artifact.objects.count() == 2
    ledger = make.project("ledger")
    make.version(ledger, "payments-api", "1.4.2")
    assert ArtifactVersion.objects.count() == 4


def test_without_register_artifact_nobody_registers(make, project, facts):
    vera = make.member("vera", project)
    with pytest.raises(NotPermitted, match="register artifact versions"):
        register_artifact_version(project, **facts, by=vera)
    assert not Artifact.objects.exists()


def in_short(value):
    return f"{repr(value)[:20]}…{repr(value)[-6:]}"


WRONG = [
    ("artifact", ""),
    ("artifact", "-api"),
    ("artifact", "an api"),
    ("artifact", "a" * 201),
    ("artifact", 7),
    ("kind", "container"),
    ("kind", None),
    ("version", ""),
    ("version", "v" * 129),
    ("version", "1\x00"),
    ("digest", "latest"),
    ("digest", "sha256:" + "A" * 64),
    ("digest", "sha256:" + "a" * 63),
    ("digest", "sha256:" + "a" * 64 + "\n"),
    ("digest", "sha512:" + "a" * 128),
    ("digest", ""),
    ("digest", 7),
    ("uri", "u" * 501),
    ("uri", ["x"]),
    ("repository", "r" * 501),
    ("commit", "c" * 65),
    ("commit", "\ud800"),
    ("build_url", "no address"),
    ("build_url", "javascript:alert(1)"),
    ("build_url", "https://ci.example.com/" + "b" * 500),
    ("authors", {"name": "Tom"}),
    ("authors", "Tom"),
    ("authors", None),
    ("authors", [{"name": "x"}] * 101),
    ("authors[0]", [7]),
    ("authors[0]", [{}]),
    ("authors[0]", [{"name": ""}]),
    ("authors[0]", [{"name": 7}]),
    ("authors[0]", [{"name": "n" * 255}]),
    ("authors[0]", [{"name": "nul\x00"}]),
    ("authors[0]", [{"email": "tom"}]),
    ("authors[1]", [{"name": "Tom"}, {"nick": "tommy"}]),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=in_short)
def test_a_field_that_does_not_fit_is_named(register, field, value):
    with pytest.raises(InvalidInput) as refused:
        register(**{field.partition("[")[0]: value})
    assert list(refused.value.fields) == [field]
    assert not Artifact.objects.exists()


def test_all_fields_that_do_not_fit_are_named_at_once(register):
    with pytest.raises(InvalidInput) as refused:
        register(artifact="", digest="x", authors=[{}])
    assert set(refused.value.fields) == {"artifact", "digest", "authors[0]"}


@pytest.mark.django_db(transaction=True)
def test_the_same_registered_at_once_is_one_version_with_one_event(register, at_once):
    results = at_once(*[register] * 6)
    assert {version.pk for version, _ in results} == {ArtifactVersion.objects.get().pk}
    assert sorted(created for _, created in results) == [False] * 5 + [True]
    assert Event.objects.filter(type="catalog.artifact_version_registered").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_digests_for_one_label_at_once_one_stays(register, make, at_once):
    digests = [make.digest("one"), make.digest("two")]
    results = at_once(*(lambda digest=digest: register(digest=digest) for digest in digests))
    assert sum(isinstance(result, DigestConflict) for result in results) == 1
    assert ArtifactVersion.objects.count() == 1
