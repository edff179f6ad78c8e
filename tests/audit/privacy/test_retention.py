"""What is over is removed under an event; what is held stays, and so do entries, leaves and proofs."""

import ast
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from audit.completeness.verification import verify_log
from audit.models import Disclosure, Event, Leaf
from audit.origin import Origin, coming_from
from audit.packs.download import download
from audit.packs.errors import PackNotReady
from audit.packs.models import Pack
from audit.privacy import pruning
from audit.privacy.disclosures import disclosed
from audit.privacy.models import Pruning
from audit.privacy.pruning import prune, prune_everything
from audit.privacy.retention import preset_classes, retention_classes
from audit.record import record
from audit.sentences import with_sentences
from catalog.actions.lift_hold import lift_hold
from catalog.actions.place_hold import place_hold
from catalog.actions.set_retention import set_retention
from catalog.errors import InvalidInput, NotFound, NotPermitted
from releases.attachments import open_report
from releases.errors import EvidenceLost
from releases.models import Evidence
from releases.retention import remove_pruned_files
from releases.storage import name_of
from tests.audit.conftest import Happened, Somebody, Thing
from tests.audit.packs.ledger import looked_at, zip_of

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=5000)
CHECKOUT = Path(__file__).resolve().parents[3]


def write(number=1, **private):
    with coming_from(Origin("page", "req", "203.0.113.7")):
        return record(
            Happened.PLAIN, subject=Thing(number), by=Somebody(), private=private
        ).event_id


def class_named(name):
    return next(each for each in retention_classes() if each.name == name)


@pytest.fixture
def years_later(monkeypatch):
    """Let pruning think that it is far in the future."""
    later = SimpleNamespace(now=lambda: timezone.now() + LONG_AGO)
    monkeypatch.setattr(pruning, "timezone", later)


def told():
    return [event.sentence for event in with_sentences(Event.objects.order_by("pk"))]


def test_every_class_has_a_pruner_and_words():
    names = [each.name for each in preset_classes()]
    assert len(set(names)) == len(names) >= 6
    assert all(each.title and each.what.endswith(".") for each in preset_classes())


APPS = (
    "audit", "catalog", "models_registry", "releases", "deployments", "integrations", "portal",
)  # fmt: skip
NAMES = {"private", "private_name", "_people"}
"""What is called so holds the private values of an event."""


def fields_that_are_written():
    """Every field of a private value that the code names, where it hands one to ``record``."""
    files = [file for app in APPS for file in (CHECKOUT / app).rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    return {"actor", "address"}.union(*map(fields_in, nodes))


def fields_in(node):
    if isinstance(node, ast.keyword) and node.arg == "private":
        return keys_in(node.value)
    if isinstance(node, ast.Subscript):
        key = getattr(node.slice, "value", None)
        is_key = getattr(node.value, "id", "") in NAMES and isinstance(key, str)
        return {key} if is_key else set()
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.FunctionDef):
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        names = {getattr(each, "id", getattr(each, "name", "")) for each in targets}
        return keys_in(node) if names & NAMES else set()
    return set()


def keys_in(node):
    dicts = [each for each in ast.walk(node) if isinstance(each, ast.Dict)]
    keys = [key for each in dicts for key in each.keys if isinstance(key, ast.Constant)]
    return {key.value for key in keys if isinstance(key.value, str)}


def test_every_name_and_text_beside_the_log_belongs_to_one_class():
    listed = [field for each in preset_classes() for field in each.fields]
    assert len(listed) == len(set(listed))
    written = fields_that_are_written()
    assert {"comment", "member", "words", "trained_by", "override"} <= written
    assert written - set(listed) == set()


class TestPeriods:
    def test_a_period_is_set_by_those_who_may_and_is_an_event(self, world, officers):
        vera, _ = officers
        with pytest.raises(NotPermitted, match="manage_privacy"):
            set_retention("addresses", days=90, by=world.tom)
        with pytest.raises(NotFound, match="no class"):
            set_retention("memories", days=90, by=vera)
        for days in (0, 29, 36_501):
            with pytest.raises(InvalidInput, match="30 to 36500"):
                set_retention("addresses", days=days, by=vera)
        assert set_retention("addresses", days=90, by=vera).days == 90
        assert set_retention("addresses", days=90, by=vera).days == 90
        assert set_retention("addresses", days=None, by=vera).period == "without end"
        name = vera.display_name
        assert [sentence for sentence in told() if "network addresses" in sentence] == [
            f"{name} set how long network addresses are kept: 90 days instead of 400 days.",
            f"{name} set how long network addresses are kept: without end instead of 90 days.",
        ]


class TestValuesBesideTheLog:
    def test_what_is_over_goes_and_the_rest_of_the_event_stays(self, world, years_later):
        event = write(comment="He asked for it.")
        before = bytes(Event.objects.get(pk=event).entry)
        assert prune(class_named("addresses")) > 0
        assert disclosed([event])[event] == {"actor": "Priya Raman", "comment": "He asked for it."}
        assert bytes(Event.objects.get(pk=event).entry) == before
        assert "address" in Event.objects.get(pk=event).facts["private"]

    def test_it_is_an_event_that_says_what_and_how_much(self, world, years_later):
        write()
        number = prune(class_named("addresses"))
        said = Event.objects.get(type="audit.pruned")
        assert said.facts["data"]["number"] == number
        assert said.facts["data"]["fields"] == ["address"]
        assert said.facts["actor"]["kind"] == "system"
        assert Pruning.objects.get().event == said.pk
        assert prune(class_named("addresses")) == 0
        assert Event.objects.filter(type="audit.pruned").count() == 1

    def test_what_is_young_stays(self, world):
        event = write()
        assert prune_everything() == 0
        assert "address" in disclosed([event])[event]

    def test_what_has_no_end_stays(self, world, years_later):
        event = write(comment="He asked for it.")
        prune_everything()
        assert disclosed([event])[event]["comment"] == "He asked for it."

    def test_what_is_held_stays_until_the_hold_is_lifted(self, world, officers, years_later):
        vera, _ = officers
        event = write()
        hold = place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
        prune(class_named("addresses"))
        assert "address" in disclosed([event])[event]
        lift_hold(hold.pk, by=vera)
        prune(class_named("addresses"))
        assert "address" not in disclosed([event])[event]

    def test_a_long_list_goes_in_bounded_batches(self, world, years_later, monkeypatch):
        monkeypatch.setattr(pruning, "AT_ONCE", 2)
        events = [write(number) for number in range(5)]
        assert prune(class_named("addresses")) >= 5
        assert not any("address" in values for values in disclosed(events).values())
        counts = [each.counts["number"] for each in Pruning.objects.all()]
        assert max(counts) <= 2

    def test_a_batch_that_fails_removes_nothing(self, world, years_later, monkeypatch):
        event = write()

        def killed(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as broken:
            broken.setattr(pruning, "record", killed)
            with pytest.raises(KeyboardInterrupt):
                prune(class_named("addresses"))
        assert "address" in disclosed([event])[event]


class TestReports:
    def test_the_bytes_go_and_the_facts_stay(
        self, world, years_later, django_capture_on_commit_callbacks
    ):
        version = world.version()
        evidence = world.evidence(version)
        name = name_of(evidence.sha256)
        with django_capture_on_commit_callbacks(execute=True):
            assert prune(class_named("evidence")) == 1
        assert not storages["evidence"].exists(name)
        kept = Evidence.objects.get(pk=evidence.pk)
        assert kept.outcome == "pass"
        with pytest.raises(EvidenceLost, match="when the time for which reports are kept was over"):
            open_report(kept)
        event = Event.objects.get(type="audit.pruned")
        assert event.facts["data"]["sha256"] == [evidence.sha256]

    def test_a_worker_that_dies_before_the_file_is_gone_leaves_it_to_the_next(
        self, world, years_later
    ):
        evidence = world.evidence(world.version())
        prune(class_named("evidence"))  # nothing is committed here, so no file goes
        assert storages["evidence"].exists(name_of(evidence.sha256))
        remove_pruned_files()
        assert not storages["evidence"].exists(name_of(evidence.sha256))

    def test_what_an_open_request_stands_on_and_what_is_held_stays(
        self, world, officers, years_later
    ):
        vera, _ = officers
        world.request()
        assert prune(class_named("evidence")) == 0
        other = world.evidence(world.version("other"))
        hold = place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
        assert prune(class_named("evidence")) == 0
        lift_hold(hold.pk, by=vera)
        assert prune(class_named("evidence")) == 1
        assert Evidence.objects.get(pk=other.pk).pruned_at


@pytest.mark.django_db(transaction=True)
class TestTheLogAndPacks:
    def test_the_tree_still_verifies_and_so_do_new_packs(
        self, world, ledger, years_later, tmp_path
    ):
        world.deployed()
        pack = ledger.pack(world.audrey, project="payments", samples=5)
        leaves = Leaf.objects.count()
        rows = Disclosure.objects.count()
        prune_everything()
        assert Disclosure.objects.count() >= rows
        assert Leaf.objects.count() == leaves
        ledger.seal()
        assert verify_log().findings == []
        with pytest.raises(PackNotReady, match="was removed"):
            download(Pack.objects.get(pk=pack.pk), by=world.audrey)
        assert not storages["packs"].exists(pack.stored_name)
        path = tmp_path / "after.zip"
        path.write_bytes(zip_of(ledger.pack(world.audrey, project="payments", samples=5)))
        status, said = looked_at(path, "--log-key", ledger.vkey)
        assert status == 0, said

    def test_the_log_itself_is_in_no_class(self):
        with connection.cursor() as cursor:
            for table in ("audit_event", "audit_leaf"):
                cursor.execute("SELECT has_table_privilege(%s, 'DELETE')", [table])
                assert cursor.fetchone() == (False,)
