"""Model cards: saved as revisions, imported, reviewed by somebody else, overdue, and read by gates."""

import io
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.sentences import with_sentences
from catalog.errors import InvalidInput, NotPermitted, WrongMoment
from releases.actions.import_card import import_card
from releases.actions.review_card import review_card
from releases.actions.save_card import save_card
from releases.cards.cyclonedx_out import to_cyclonedx
from releases.cards.hugging_face_out import to_hugging_face
from releases.cards.reading import read_card
from releases.cards.reviewing import usual_next
from releases.cards.saving import standing
from releases.errors import CardChanged, EvidenceRefused, OwnCard
from releases.evaluation import evaluate
from releases.models import CardRevision, Evidence, ModelCard
from tests.releases.cards_scene import CONTENT
from tests.releases.cyclonedx import complaints


def told(version):
    events = Event.objects.filter(stream=f"artifact-version/{version.pk}").order_by("id")
    return [event.sentence for event in with_sentences(events)]


def document(**fields):
    return io.BytesIO(json.dumps({"model_details": {}, **fields}).encode())


# ── saving ──────────────────────────────────────────────────────────────────────────────────────


def test_every_saved_state_is_a_revision_that_says_who_and_what(cards):
    first = cards.saved(note="first draft")
    version = first.card.artifact_version
    second = cards.saved(version, by=cards.lena, content={**CONTENT, "users": ["Everybody"]})
    assert [first.number, second.number] == [1, 2]
    assert first.digest != second.digest == second.digest_now()
    assert told(version)[0].startswith(
        "Mei saved revision 1 of the card of credit-model 1.1.0: What"
    )
    assert told(version)[0].endswith("first draft")
    assert told(version)[1] == "Lena saved revision 2 of the card of credit-model 1.1.0: Users."
    assert CardRevision.objects.get(number=1).content == CONTENT


def test_an_entry_holds_no_word_of_the_card_and_nobodys_name(cards):
    cards.saved(note="as Wanda said")
    entry = bytes(Event.objects.get(type="releases.card_saved").entry).decode()
    for word in ("Mortgages", "Wanda", "Ines", "ines", "loans"):
        assert word not in entry


def test_the_same_again_makes_no_revision_and_no_event(cards):
    first = cards.saved()
    again = cards.saved(first.card.artifact_version, by=cards.lena)
    assert again.pk == first.pk
    assert Event.objects.filter(type="releases.card_saved").count() == 1


def test_the_same_words_have_another_digest_elsewhere(cards):
    assert cards.saved().digest != cards.saved().digest


def test_what_somebody_else_saved_meanwhile_is_not_written_over(cards):
    version = cards.version()
    cards.saved(version, expected=0)
    with pytest.raises(
        CardChanged, match="Revision 1 stands there now, and you edited an empty card"
    ):
        cards.saved(version, by=cards.lena, content={"task": "x"}, expected=0)


@pytest.mark.parametrize("who", ["dana", "sofia", "olga"])
def test_who_holds_no_role_for_it_may_neither_save_nor_import_nor_review(cards, who):
    caller, card = getattr(cards, who), cards.saved().card
    version = card.artifact_version
    with pytest.raises(NotPermitted, match="write or review model cards"):
        save_card(version, CONTENT, by=caller)
    with pytest.raises(NotPermitted):
        import_card(version, document(), by=caller)
    with pytest.raises(NotPermitted):
        review_card(card, revision=1, by=caller)


@pytest.mark.parametrize("who", ["mei", "viktor", "ines", "rashid"])
def test_data_scientists_validators_product_owners_and_risk_may_save(cards, who):
    assert cards.saved(by=getattr(cards, who)).number == 1


def test_only_models_have_cards(cards):
    with pytest.raises(InvalidInput, match="this is a container image"):
        cards.saved(cards.scene.version("api"))


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"risk_tier": "huge"}, "risk_tier", "none of low, medium"),
        ({"note": "x" * 501}, "note", "at most 500"),
        ({"content": {"users": "x"}}, "users", "must be a list"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(cards, fields, field, said):
    with pytest.raises(InvalidInput) as refused:
        cards.saved(**fields)
    assert said in refused.value.fields[field][0]
    assert not ModelCard.objects.exists()


@pytest.mark.parametrize("who", ["ci", "olga"])
def test_the_owner_is_a_person_with_a_role_here(cards, who):
    with pytest.raises(InvalidInput, match="choose a person with a role in the project"):
        cards.saved(owner=getattr(cards, who))


def test_a_card_is_complete_when_everything_needed_is_there(cards):
    assert cards.saved().is_complete
    assert not cards.saved(owner=None).is_complete
    assert not cards.saved(content={**CONTENT, "limitations": []}).is_complete


def test_a_saved_revision_cannot_be_changed_or_deleted(cards):
    revision = cards.saved()
    for statement in (
        "UPDATE releases_cardrevision SET content = '{}'",
        "UPDATE releases_cardrevision SET saved_at = now()",
        "DELETE FROM releases_cardrevision",
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            connection.cursor().execute(statement)
    CardRevision.objects.filter(pk=revision.pk).update(note="(erased)")


# ── importing ───────────────────────────────────────────────────────────────────────────────────


def test_an_import_keeps_the_bytes_as_evidence_and_says_what_it_took_and_left(cards):
    version = cards.version()
    raw = document(
        model_parameters={"model_architecture": "trees"},
        considerations={"users": [{"description": "officers"}]},
        model_details={"owners": [{"name": "Wanda"}]},
    )
    revision = import_card(version, raw, file_name="card.json", by=cards.mei)
    assert revision.content == {"users": ["officers"], "architecture": "trees"}
    assert revision.source == "google"
    assert sorted(revision.taken["taken"]) == ["Architecture", "Users"]
    assert [each["path"] for each in revision.left_out] == ["model_details.owners[0].name"]
    evidence = Evidence.objects.get(kind="model_card")
    assert revision.evidence == evidence
    assert evidence.summary == "Google model card: 2 fields taken over, 1 place left out."
    assert "Wanda" not in json.dumps([evidence.facts, revision.left_out, told(version)])


def test_an_import_writes_over_nothing_unless_it_is_told_and_says_what_stayed(cards):
    version = cards.saved(content={"users": ["officers"]}).card.artifact_version
    other = {"users": [{"description": "robots"}], "limitations": [{"description": "many"}]}
    kept = import_card(version, document(considerations=other), by=cards.mei)
    assert kept.content == {"users": ["officers"], "limitations": ["many"]}
    assert kept.taken == {"taken": ["Limitations"], "replaced": [], "kept": ["Users"]}
    replaced = import_card(version, document(considerations=other), replace=True, by=cards.mei)
    assert replaced.content["users"] == ["robots"]
    assert replaced.taken["replaced"] == ["Users"]


def test_an_import_with_nothing_new_is_refused_and_leaves_nothing(cards):
    version = cards.saved(content={"users": ["officers"]}).card.artifact_version
    same = {"users": [{"description": "officers"}]}
    with pytest.raises(InvalidInput, match="says everything already"):
        import_card(version, document(considerations=same), by=cards.mei)
    other = {"users": [{"description": "robots"}]}
    with pytest.raises(InvalidInput, match=r"own words for Users\. Choose to replace"):
        import_card(version, document(considerations=other), by=cards.mei)
    assert not Evidence.objects.exists()


def test_a_file_that_is_too_large_is_refused(cards, settings):
    settings.EVIDENCE_MAX_BYTES = 10
    with pytest.raises(EvidenceRefused, match="has 21 bytes"):
        import_card(cards.version(), document(), by=cards.mei)


# ── exporting ───────────────────────────────────────────────────────────────────────────────────


def test_the_export_validates_strictly_and_comes_back_as_the_same_card(cards):
    revision = standing(cards.reviewed())
    made = to_cyclonedx(revision)
    assert complaints(made) == []
    [model] = made["components"]
    assert model["hashes"] == [
        {"alg": "SHA-256", "content": revision.card.artifact_version.digest[7:]}
    ]
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert metrics[1]["slice"] == "age=18-30"
    back = import_card(cards.version(), io.BytesIO(json.dumps(made).encode()), by=cards.lena)
    assert back.content == revision.content == CONTENT
    assert (back.owner, back.risk_tier) == (revision.owner, revision.risk_tier)
    assert [each["path"] for each in back.left_out] == ["hashes"]


@pytest.mark.parametrize("content", [{"task": "x"}, {"overview": "Ü | <b>"}])
def test_an_export_of_little_validates_too(cards, content):
    revision = cards.saved(content=content, owner=None, risk_tier="")
    made = to_cyclonedx(revision)
    assert complaints(made) == []
    assert made == to_cyclonedx(revision)


def test_an_export_after_a_review_is_another_version_of_the_same_document(cards):
    revision = cards.saved()
    before = to_cyclonedx(revision)
    cards.reviewed(revision)
    after = to_cyclonedx(standing(revision.card))
    assert after != before
    assert after["serialNumber"] == before["serialNumber"]
    assert (before["version"], after["version"]) == (1, 2)


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("Apache-2.0", ["license: apache-2.0"]),
        ("Acme Model Licence 2", ["license: other", "license_name: Acme Model Licence 2"]),
    ],
)
def test_the_readme_names_a_licence_as_the_hub_asks_for_and_it_comes_back(cards, licence, said):
    text = to_hugging_face(cards.saved(content={"task": "x", "licence": licence}))
    assert [line for line in text.splitlines() if line.startswith("license")] == said
    assert read_card(io.BytesIO(text.encode())).content["licence"] == licence


def test_the_readme_says_what_the_card_says(cards):
    text = to_hugging_face(cards.saved())
    found = read_card(io.BytesIO(text.encode()))
    same = (
        "overview",
        "intended_use",
        "out_of_scope",
        "users",
        "limitations",
        "ethics",
        "licence",
        "task",
    )
    assert {name: found.content[name] for name in same} == {name: CONTENT[name] for name in same}
    assert [row["value"] for row in found.content["metrics"]] == ["0.803", "0.769"]


# ── reviewing ───────────────────────────────────────────────────────────────────────────────────


def test_a_review_moves_the_next_one_by_the_risk_tier(cards):
    card = cards.saved(risk_tier="high").card
    assert card.next_review_at - timezone.now() < timedelta(days=31)
    reviewed = cards.reviewed(standing(card), comment="Looked at the slices.")
    assert reviewed.is_reviewed
    assert reviewed.next_review_at == usual_next("high", after=reviewed.reviewed_at)
    assert "the next is due on" in told(card.artifact_version)[-1]
    assert told(card.artifact_version)[-1].endswith("Looked at the slices.")


@pytest.mark.parametrize(
    ("tier", "months"), [("critical", 3), ("high", 6), ("medium", 12), ("low", 24)]
)
def test_the_interval_is_the_tiers(tier, months):
    at = timezone.now().replace(year=2026, month=8, day=31)
    due = usual_next(tier, after=at)
    assert (due.year - 2026) * 12 + due.month - 8 == months


def test_nobody_reviews_what_they_wrote_since_the_last_review(cards):
    revision = cards.saved()
    card = revision.card
    cards.saved(card.artifact_version, by=cards.lena, content={**CONTENT, "users": ["x"]})
    for author in (cards.mei, cards.lena):
        with pytest.raises(OwnCard, match="what they wrote themselves"):
            review_card(card, revision=2, by=author)
    card.refresh_from_db()
    cards.reviewed(standing(card))
    cards.saved(card.artifact_version, by=cards.viktor, content=CONTENT)
    assert review_card(card, revision=3, by=cards.mei)
    with pytest.raises(OwnCard):
        review_card(card, revision=3, by=cards.viktor)


def test_a_machine_reviews_nothing(cards):
    with pytest.raises(NotPermitted, match="Only people review"):
        review_card(cards.saved().card, revision=1, by=cards.ci)


def test_what_is_confirmed_is_what_was_read(cards):
    card = cards.saved().card
    cards.saved(card.artifact_version, content={**CONTENT, "users": ["x"]})
    with pytest.raises(CardChanged, match="Revision 2 stands there now, and you read 1"):
        review_card(card, revision=1, by=cards.viktor)


def test_a_card_with_gaps_is_not_reviewed(cards):
    with pytest.raises(WrongMoment, match="not complete"):
        review_card(cards.saved(owner=None).card, revision=1, by=cards.viktor)


def test_a_later_date_than_the_tiers_needs_a_reason(cards):
    card, in_a_year = cards.saved().card, timezone.now() + timedelta(days=365)
    with pytest.raises(InvalidInput, match="reviewed every 6 months; say why"):
        review_card(card, revision=1, next_review_at=in_a_year, by=cards.viktor)
    review = review_card(
        card,
        revision=1,
        next_review_at=in_a_year,
        reason="It is used once a year.",
        by=cards.viktor,
    )
    assert review.next_review_at == in_a_year


@pytest.mark.parametrize("days", [-1, 4000])
def test_the_next_review_is_in_the_future_and_not_in_another_age(cards, days):
    card, wanted = cards.saved().card, timezone.now() + timedelta(days=days)
    with pytest.raises(InvalidInput, match="in the future, and within ten years"):
        review_card(card, revision=1, next_review_at=wanted, by=cards.viktor)


def test_an_edit_makes_a_card_unreviewed_and_a_higher_tier_brings_the_review_nearer(cards):
    card = cards.reviewed(cards.saved(risk_tier="low"))
    cards.saved(card.artifact_version, risk_tier="critical")
    card.refresh_from_db()
    assert not card.is_reviewed
    assert card.next_review_at < timezone.now() + timedelta(days=93)


def test_overdue_is_what_matters_still(cards):
    old, new = cards.reviewed(), cards.reviewed()
    ModelCard.objects.update(next_review_at=timezone.now())
    assert list(ModelCard.objects.overdue()) == [new]
    cards.scene.in_force(
        cards.staging, gates=[{"name": "any", "expression": "item.kind == 'model'"}]
    )
    serve(cards, old)
    assert set(ModelCard.objects.overdue()) == {old, new}
    serve(cards, new)
    assert list(ModelCard.objects.overdue()) == [new]


def serve(cards, card):
    request = cards.scene.request(cards.scene.release(card.artifact_version, tested=False))
    fields = {"state": "deployed", "deployed_at": timezone.now()}
    type(request).objects.filter(pk=request.pk).update(**fields)


# ── gates ───────────────────────────────────────────────────────────────────────────────────────

GATE = {
    "name": "card",
    "applies_to": {"kinds": ["model"]},
    "expression": "card.complete && card.reviewed && !card.overdue",
}


@pytest.fixture
def asked(cards):
    """What the gate says about a change request for one version."""
    cards.scene.in_force(cards.staging, gates=[GATE])

    def ask(version, at=None):
        request = cards.scene.request(cards.scene.release(version, tested=False))
        return next(
            finding
            for finding in evaluate(request, at=at or timezone.now()).gates
            if finding.gate == "card"
        )

    return ask


def test_a_policy_can_ask_for_a_reviewed_card(cards, asked):
    card = cards.reviewed()
    finding = asked(card.artifact_version)
    assert finding.outcome.outcome == "pass"
    assert finding.inputs == (standing(card).digest,)
    assert finding.runs_out_at == card.next_review_at


def test_without_a_card_nothing_passes(cards, asked):
    outcome = asked(cards.version()).outcome
    assert outcome.outcome == "inconclusive"
    assert "There is no model card of credit-model" in outcome.sentence
    assert "let somebody else review it" in outcome.satisfied_by


def test_the_gate_says_what_is_missing_and_who_could_help(cards, asked):
    card = cards.saved(owner=None, content={**CONTENT, "users": []}).card
    outcome = asked(card.artifact_version).outcome
    assert outcome.outcome == "fail"
    assert "Users, Owner are missing; nobody reviewed revision 1" in outcome.sentence
    assert outcome.satisfied_by.startswith("Complete the model card. Let somebody review it")


def test_an_overdue_card_does_not_pass(cards, asked):
    card = cards.reviewed()
    later = card.next_review_at + timedelta(days=1)
    outcome = asked(card.artifact_version, at=later).outcome
    assert outcome.outcome == "fail"
    assert f"its review was due on {card.next_review_at:%Y-%m-%d}" in outcome.sentence


def test_an_edit_lets_open_requests_be_looked_at_again(cards, asked):
    card = cards.reviewed()
    request = asked(card.artifact_version) and cards.scene.request(
        cards.scene.release(card.artifact_version, tested=False)
    )
    type(request).objects.update(check_again_at=None)
    cards.saved(card.artifact_version, content={**CONTENT, "users": ["x"]})
    request.refresh_from_db()
    assert request.check_again_at is not None
