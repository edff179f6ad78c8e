"""Deciding on a page: the same rules as everywhere, and each refusal as a sentence on the page."""

import pytest
from django.urls import reverse

from releases.models import Approval, ChangeRequest
from tests.pages.world import FAILED


@pytest.fixture
def waiting(world):
    change_request = world.request()
    assert change_request.state == "awaiting_approval"
    return change_request


def address(verb, change_request):
    return reverse(f"portal:{verb}", args=[change_request.number])


def sent(change_request, comment="", **more):
    return {"statement_digest": change_request.statement.digest, "comment": comment, **more}


def state_of(change_request):
    return ChangeRequest.objects.get(pk=change_request.pk).state


def page_of(client, change_request):
    return client.get(address("change-request", change_request)).content.decode()


def test_whoever_is_waited_for_approves_in_one_step(waiting, as_):
    client = as_("sofia")
    assert "You sign for" in page_of(client, waiting)
    answer = client.post(address("approve", waiting), sent(waiting, "Read it."), follow=True)
    assert answer.redirect_chain == [(address("change-request", waiting), 302)]
    text = answer.content.decode()
    assert f"You approved {waiting.label}. Others have to sign as well." in text
    assert "You have signed" in text
    approval = Approval.objects.get()
    assert (approval.person.username, approval.comment) == ("sofia", "Read it.")


def test_the_last_signature_says_that_every_rule_is_met(world, waiting, as_):
    world.signed(waiting, "tom")
    answer = as_("sofia").post(address("approve", waiting), sent(waiting), follow=True)
    assert "every rule is met" in answer.content.decode()
    assert state_of(waiting) == "queued"


def test_a_double_click_is_harmless(waiting, as_):
    client = as_("sofia")
    client.post(address("approve", waiting), sent(waiting))
    again = client.post(address("approve", waiting), sent(waiting))
    assert again.status_code == 302
    assert Approval.objects.count() == 1
    client.post(address("reject", waiting), sent(waiting, "No."))
    twice = client.post(address("reject", waiting), sent(waiting, "No."))
    assert twice.status_code == 302
    assert state_of(waiting) == "rejected"


@pytest.mark.parametrize("verb", ["approve", "reject", "withdraw", "attest"])
@pytest.mark.parametrize("username", ["vera", "audrey", "oskar"])
def test_a_role_that_does_not_sign_is_refused_with_the_reason(verb, username, waiting, as_):
    fields = sent(waiting, "No.", result="succeeded")
    answer = as_(username).post(address(verb, waiting), fields)
    assert answer.status_code in {403, 409}
    assert "gh-tone-bad" in answer.content.decode()
    assert state_of(waiting) == "awaiting_approval"


@pytest.mark.parametrize("verb", ["approve", "reject", "withdraw", "attest"])
def test_an_outsider_learns_nothing(verb, waiting, as_):
    fields = sent(waiting, "No.", result="succeeded")
    assert as_("olga").post(address(verb, waiting), fields).status_code == 404
    assert state_of(waiting) == "awaiting_approval"


@pytest.mark.parametrize("verb", ["approve", "reject", "withdraw", "attest"])
def test_whoever_has_not_signed_in_decides_nothing(verb, waiting, client):
    answer = client.post(address(verb, waiting), sent(waiting, "No.", result="succeeded"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert state_of(waiting) == "awaiting_approval"


def test_ones_own_change_is_refused_before_one_tries_and_after(world, as_):
    own = world.request(by=world.tom)
    client = as_("tom")
    before = page_of(client, own)
    assert "You may not approve this" in before
    assert "Nobody approves their own change: you asked for this change." in before
    assert address("approve", own) not in before
    answer = client.post(address("approve", own), sent(own))
    assert answer.status_code == 403
    assert "you asked for this change" in answer.content.decode()


def test_whoever_may_not_approve_their_own_change_may_still_reject_it(world, as_):
    own = world.request(by=world.tom)
    client = as_("tom")
    assert "Reject it" in page_of(client, own)
    empty = client.post(address("reject", own), sent(own, alone="1"))
    assert empty.status_code == 422
    client.post(address("reject", own), sent(own, "I found a fault.", alone="1"))
    assert state_of(own) == "rejected"


def test_a_rejection_needs_its_reason_at_the_field(waiting, as_):
    answer = as_("sofia").post(address("reject", waiting), sent(waiting))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_comment_error"' in text
    assert state_of(waiting) == "awaiting_approval"


def test_a_rejection_is_final_and_offers_a_new_request(waiting, as_):
    as_("sofia").post(address("reject", waiting), sent(waiting, "Not before the audit."))
    text = page_of(as_("priya"), waiting)
    assert "Not before the audit." in text
    assert "Clone as new" in text
    again = reverse("releases:new-change-request", args=[waiting.project.slug])
    form = as_("priya").get(f"{again}?again={waiting.number}").content.decode()
    assert waiting.reason in form


def test_what_changed_since_one_looked_is_said_and_the_new_state_shown(world, waiting, as_):
    seen = sent(waiting, "Fine.")
    world.evidence(waiting.release.items.get().artifact_version, FAILED)
    answer = as_("sofia").post(address("approve", waiting), seen)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Since you looked, the gate tests" in text
    assert "Blocked" in text
    assert state_of(waiting) == "blocked"
    assert not Approval.objects.exists()


def test_after_a_change_the_form_holds_the_new_statement_and_what_was_typed(world, waiting, as_):
    seen = sent(waiting, "Fine by me.")
    world.evidence(
        waiting.release.items.get().artifact_version,
        b'<testsuite name="unit" tests="1"><testcase classname="t" name="other"/></testsuite>',
    )
    answer = as_("sofia").post(address("approve", waiting), seen)
    fresh = ChangeRequest.objects.get(pk=waiting.pk).statement.digest
    text = answer.content.decode()
    assert fresh != seen["statement_digest"]
    assert f'value="{fresh}"' in text
    assert seen["statement_digest"] not in text
    assert "Fine by me." in text
    as_("sofia").post(address("approve", waiting), {**seen, "statement_digest": fresh})
    assert Approval.objects.get().statement.digest == fresh


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"statement_digest": "", "comment": "x"},
        {"statement_digest": "sha256:abc", "comment": "x"},
        {"statement_digest": "x" * 72, "comment": "x"},
        {"statement_digest": "\x00", "comment": "x"},
        {"statement_digest": "sha256:abc", "comment": "\x00"},
        {"statement_digest": "sha256:abc", "comment": "x" * 4001},
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nonsense_is_refused_without_an_error_of_ours(verb, fields, waiting, as_):
    answer = as_("sofia").post(address(verb, waiting), fields)
    assert answer.status_code in {409, 422}
    assert state_of(waiting) == "awaiting_approval"


def test_whoever_asked_withdraws(waiting, as_):
    answer = as_("priya").post(address("withdraw", waiting), {"comment": "Too early."}, follow=True)
    assert f"{waiting.label} is withdrawn." in answer.content.decode()
    assert state_of(waiting) == "withdrawn"
    again = as_("priya").post(address("withdraw", waiting), {"comment": ""})
    assert again.status_code == 409


def test_a_get_of_a_deed_leads_to_the_page(waiting, as_):
    answer = as_("sofia").get(address("approve", waiting))
    assert answer.status_code == 302
    assert answer["Location"] == address("change-request", waiting)


def test_what_is_done_by_hand_is_attested_on_the_page(world, waiting, as_):
    world.begun(waiting)
    assert "You carry it out" not in page_of(as_("tom"), waiting)
    client = as_("omar")
    assert "You carry it out" in page_of(client, waiting)
    refused = client.post(address("attest", waiting), {"result": "failed", "comment": ""})
    assert refused.status_code == 422
    client.post(address("attest", waiting), {"result": "succeeded", "comment": "Done."})
    assert state_of(waiting) == "deployed"


def test_what_runs_in_staging_is_offered_for_production(world, as_):
    done = world.deployed()
    text = page_of(as_("priya"), done)
    assert "Promote to production" in text
    assert "Promote to production" not in page_of(as_("vera"), done)
    wish = f"release={done.release_id}&amp;environment={world.production.pk}"
    assert wish in text


def test_what_has_been_asked_for_already_is_not_offered_again(world, as_):
    done = world.deployed()
    project = reverse("portal:project", args=["payments"])
    offer = f"Promote {done.release.version} to production"
    assert offer in as_("priya").get(project).content.decode()
    world.request(done.release, world.production)
    assert offer not in as_("priya").get(project).content.decode()


def test_the_live_part_says_nothing_while_nothing_changes(world, waiting, as_):
    client = as_("sofia")
    page = page_of(client, waiting)
    asked = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(asked).status_code == 204
    world.signed(waiting, "tom")
    answer = client.get(asked)
    assert answer.status_code == 200
    assert "Tom Becker approved" in answer.content.decode()
    assert 'id="cr-decision"' not in answer.content.decode()  # what is being typed there stays


def test_the_live_part_stops_when_nothing_can_happen_any_more(world, waiting, as_):
    client = as_("sofia")
    world.rejected(waiting)
    answer = client.get(address("live", waiting))
    assert answer.status_code == 286
    assert "hx-trigger" not in answer.content.decode()
    assert 'id="cr-decision"' in answer.content.decode()
