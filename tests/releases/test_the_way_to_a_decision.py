"""From submitted to queued: what blocks, who signs, what voids."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from audit.sentences import with_sentences
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted
from catalog.grants import sync_grants
from catalog.models import Identity
from releases.actions.approve import approve
from releases.actions.reevaluate import reevaluate
from releases.actions.reject import reject
from releases.actions.withdraw import withdraw
from releases.errors import (
    AlreadyDecided,
    IllegalTransition,
    NotAnApprover,
    SelfApproval,
    StaleStatement,
)
from releases.models import ChangeRequest
from tests.releases.scene import COVERAGE, ENGINEERING, SECURITY, TESTS_PASS, in_an_hour, junit


def sign(request, by, comment=""):
    request.refresh_from_db()
    return approve(
        request.number, statement_digest=request.statement.digest, comment=comment, by=by
    )


def again(request):
    return reevaluate(request.number, by=request.requested_by)


def types_of(request):
    return list(Event.objects.of_stream(request.audit_stream).values_list("type", flat=True))


def test_a_tested_release_awaits_approval(scene):
    scene.in_force()
    request = scene.request()
    assert request.state == "awaiting_approval"
    assert request.blocking == []
    assert [rule["missing"] for rule in request.rules] == [1, 1]


def test_missing_evidence_blocks_and_says_what_would_satisfy_it(scene):
    scene.in_force()
    request = scene.request(scene.release(tested=False))
    assert request.state == "blocked"
    assert request.gate_results.get(name="tests").outcome == "inconclusive"
    assert "payments-api" in request.blocking[0]
    assert "junit" in request.blocking[0]


def test_uploading_the_missing_evidence_unblocks(scene):
    scene.in_force()
    version = scene.version()
    request = scene.request(scene.release(version, tested=False))
    scene.evidence(version, junit())
    request.refresh_from_db()
    assert request.check_again_at <= timezone.now()
    assert again(request).state == "awaiting_approval"


def test_a_failing_report_blocks_with_what_was_seen(scene):
    scene.in_force(gates=[COVERAGE])
    version = scene.version()
    scene.evidence(version, {"coverage": 71.2})
    request = scene.request(scene.release(version, tested=False))
    assert request.state == "blocked"
    assert "71.2" in request.blocking[0]


def test_the_newest_report_counts_even_when_an_older_one_passed(scene):
    scene.in_force()
    version = scene.version()
    scene.evidence(version, junit())
    scene.evidence(version, junit(failed=1))
    assert scene.request(scene.release(version, tested=False)).state == "blocked"


def test_without_a_policy_in_force_nothing_passes(scene):
    request = scene.request()
    assert request.state == "blocked"
    assert "No policy is in force" in request.blocking[0]


def test_an_empty_approver_set_blocks(scene):
    scene.in_force(approvals=[{"name": "owner", "roles": ["product-owner"], "required": 1}])
    request = scene.request()
    assert request.state == "blocked"
    assert "nobody may sign" in request.blocking[0]


def test_both_rules_met_puts_it_into_the_queue(scene):
    scene.in_force()
    request = scene.request()
    assert sign(request, scene.tom).state == "awaiting_approval"
    assert sign(request, scene.sofia, "scan is clean").state == "queued"


def test_the_order_of_approvals_does_not_matter(scene):
    scene.person("vera", "developer", "security")
    scene.in_force()
    request = scene.request()
    sign(request, scene.vera)
    assert sign(request, scene.sofia).state == "queued"


def test_one_person_counts_for_one_rule(scene):
    scene.person("vera", "developer", "security")
    scene.in_force()
    request = scene.request()
    sign(request, scene.vera)
    request.refresh_from_db()
    assert request.state == "awaiting_approval"
    assert sum(rule["missing"] for rule in request.rules) == 1


def test_the_requester_may_not_approve(scene):
    scene.in_force()
    request = scene.request(by=scene.priya)
    with pytest.raises(SelfApproval, match="you asked for this change"):
        sign(request, scene.priya)


def test_the_person_who_sealed_the_release_may_not_approve(scene):
    scene.in_force()
    request = scene.request(scene.release(by=scene.priya))
    with pytest.raises(SelfApproval, match="you sealed this release"):
        sign(request, scene.priya)


def test_the_author_of_a_commit_may_not_approve(scene):
    scene.in_force()
    request = scene.request()
    with pytest.raises(SelfApproval, match=r"you wrote a commit of payments-api"):
        sign(request, scene.dana)


def test_an_author_is_known_by_any_of_their_identities(scene):
    Identity.objects.create(user=scene.tom, kind="email", value="tom@Home.example")
    Identity.objects.create(user=scene.sofia, kind="scm_login", value="sofiasec")
    scene.in_force()
    authors = [{"name": "T", "email": "TOM@home.example"}, {"name": "S", "login": "SofiaSec"}]
    request = scene.request(scene.release(scene.version(authors=authors)))
    for author in (scene.tom, scene.sofia):
        with pytest.raises(SelfApproval):
            sign(request, author)


def test_whoever_registered_the_model_may_not_approve(scene):
    scene.in_force(gates=[])
    model = scene.version("credit-model", kind="model", by=scene.tom)
    request = scene.request(scene.release(model, tested=False))
    with pytest.raises(SelfApproval, match="you registered the model"):
        sign(request, scene.tom)


def test_a_superuser_gets_no_exception(scene):
    scene.in_force()
    with pytest.raises(NotPermitted):
        sign(scene.request(), scene.admin)


def test_a_machine_cannot_sign(scene):
    scene.in_force()
    with pytest.raises((NotAnApprover, NotPermitted)):
        sign(scene.request(), scene.ci)


def test_a_role_that_no_rule_names_is_no_approver(scene):
    scene.in_force()
    with pytest.raises(NotAnApprover, match="Engineering, Security"):
        sign(scene.request(), scene.rashid)


def test_a_role_limited_to_another_environment_does_not_count(scene):
    scene.person("otto", "security", environments=[scene.production])
    scene.in_force()
    with pytest.raises(NotPermitted):
        sign(scene.request(), scene.otto)


def test_a_refused_signature_is_recorded(scene):
    scene.in_force()
    request = scene.request(by=scene.priya)
    with pytest.raises(SelfApproval):
        sign(request, scene.priya)
    refused = Event.objects.get(type="releases.approval_refused")
    assert refused.facts["outcome"] == "denied"


def test_unknown_authors_block_where_the_policy_says_so(scene):
    scene.in_force(separation_of_duties={"unknown_authors": "block"})
    request = scene.request(scene.release(scene.version(authors=[])))
    assert request.state == "blocked"
    assert "names no author" in " ".join(request.blocking)


def test_a_stranger_among_the_authors_is_unknown(scene):
    scene.in_force(separation_of_duties={"unknown_authors": "block"})
    stranger = [{"name": "Stranger", "email": "x@elsewhere.example"}]
    request = scene.request(scene.release(scene.version(authors=stranger)))
    assert "x@elsewhere.example" in " ".join(request.blocking)


def test_nobody_signs_twice(scene):
    scene.in_force()
    request = scene.request()
    sign(request, scene.tom)
    with pytest.raises(AlreadyDecided):
        sign(request, scene.tom)


def test_a_stale_statement_is_refused_with_what_changed(scene):
    scene.in_force()
    version = scene.version()
    request = scene.request(scene.release(version))
    seen = request.statement.digest
    scene.evidence(version, junit(passed=9))
    with pytest.raises(StaleStatement, match="the gate tests for payments-api") as refusal:
        approve(request.number, statement_digest=seen, by=scene.tom)
    assert refusal.value.extra["statement_digest"] != seen


def test_new_evidence_voids_approvals_and_says_which_input_changed(scene):
    scene.in_force()
    version = scene.version()
    request = scene.request(scene.release(version))
    sign(request, scene.tom)
    scene.evidence(version, junit(passed=9))
    again(request)
    approval = request.approvals.get()
    assert approval.voided_at is not None
    assert "the gate tests for payments-api" in approval.void_reason
    assert "releases.approvals_voided" in types_of(request)


def test_another_policy_voids_approvals(scene):
    scene.in_force()
    request = scene.request()
    sign(request, scene.tom)
    scene.in_force(gates=[TESTS_PASS, COVERAGE])
    again(request)
    assert request.approvals.filter(voided_at=None).count() == 0
    request.refresh_from_db()
    assert request.state == "blocked"


def test_evidence_that_turns_bad_takes_a_queued_request_back(scene):
    scene.in_force()
    version = scene.version()
    request = scene.request(scene.release(version))
    sign(request, scene.tom)
    sign(request, scene.sofia)
    scene.evidence(version, junit(failed=2))
    assert again(request).state == "blocked"


def test_an_approver_who_lost_the_role_no_longer_counts(scene):
    scene.in_force()
    request = scene.request()
    sign(request, scene.tom)
    scene.tom.memberships.update(ended_at=timezone.now())
    sync_grants(scene.project)
    again(request)
    assert request.approvals.get().voided_at is not None


def test_evaluating_again_without_a_change_leaves_no_event(scene):
    scene.in_force()
    request = scene.request()
    sign(request, scene.tom)
    before = types_of(request)
    again(request)
    again(request)
    assert types_of(request) == before


def test_a_rejection_needs_a_reason(scene):
    scene.in_force()
    request = scene.request()
    with pytest.raises(InvalidInput, match="Say why"):
        reject(
            request.number, statement_digest=request.statement.digest, comment="  ", by=scene.tom
        )


def test_a_rejection_is_final(scene):
    scene.in_force()
    request = scene.request()
    reject(
        request.number, statement_digest=request.statement.digest, comment="not now", by=scene.tom
    )
    request.refresh_from_db()
    assert request.state == "rejected"
    with pytest.raises(IllegalTransition):
        sign(request, scene.sofia)
    with pytest.raises(IllegalTransition):
        withdraw(request.number, by=scene.ci)


def test_the_requester_may_withdraw_and_others_need_the_right(scene):
    scene.in_force()
    request = scene.request()
    with pytest.raises(NotPermitted):
        withdraw(request.number, by=scene.tom)
    assert withdraw(request.number, comment="wrong build", by=scene.ci).state == "withdrawn"


def test_a_request_runs_out(scene):
    scene.in_force()
    request = scene.request()
    ChangeRequest.objects.filter(pk=request.pk).update(expires_at=timezone.now())
    assert again(request).state == "expired"


def test_an_approved_request_waits_for_its_time(scene):
    scene.in_force()
    request = scene.request(not_before=in_an_hour())
    sign(request, scene.tom)
    assert sign(request, scene.sofia).state == "scheduled"
    ChangeRequest.objects.filter(pk=request.pk).update(not_before=request.requested_at)
    # The start is part of what was signed, so moving it voids the approvals.
    assert again(request).state == "awaiting_approval"


def test_a_scheduled_request_is_queued_when_its_time_has_come(scene, monkeypatch):
    scene.in_force()
    request = scene.request(not_before=in_an_hour())
    sign(request, scene.tom)
    sign(request, scene.sofia)

    class Later:
        @staticmethod
        def now():
            return timezone.now() + timedelta(hours=2)

    monkeypatch.setattr("releases.actions.reevaluate.timezone", Later)
    assert again(request).state == "queued"


def test_the_same_release_cannot_be_asked_for_twice(scene):
    scene.in_force()
    request = scene.request()
    with pytest.raises(AlreadyExists, match=request.label):
        scene.request(request.release)


def test_production_needs_that_it_was_verified_in_staging(scene):
    scene.in_force(scene.production, name="strict", requires={"verified_in": ["staging"]})
    request = scene.request(environment=scene.production)
    assert request.state == "blocked"
    assert "has not been deployed to staging" in request.blocking[0]


def test_a_rollback_goes_only_to_what_was_verified_there(scene):
    scene.in_force()
    with pytest.raises(InvalidInput, match="never was"):
        scene.request(kind="rollback")


def test_a_policy_without_approval_rules_goes_straight_to_the_queue(scene):
    scene.in_force(approvals=[])
    assert scene.request().state == "queued"


def test_every_step_is_a_sentence_in_order(scene):
    scene.in_force()
    request = scene.request()
    sign(request, scene.tom, "fine by me")
    sign(request, scene.sofia)
    events = with_sentences(Event.objects.of_stream(request.audit_stream))
    assert [event.type for event in events] == [
        "releases.submitted",
        "releases.checking",
        "releases.awaiting_approval",
        "releases.approved",
        "releases.approved",
        "releases.all_rules_met",
        "releases.queued",
    ]
    assert "(erased)" not in " ".join(event.sentence for event in events)
    assert events[3].sentence == f"Tom approved {request.label} as developer. fine by me"


def test_the_inbox_holds_what_my_signature_would_bring_nearer(scene):
    scene.in_force()
    request = scene.request()
    assert ChangeRequest.objects.waiting_for(scene.tom).get() == request
    assert not ChangeRequest.objects.waiting_for(scene.dana).exists()
    sign(request, scene.tom)
    assert not ChangeRequest.objects.waiting_for(scene.tom).exists()
    assert not ChangeRequest.objects.waiting_for(scene.priya).exists()
    assert ChangeRequest.objects.waiting_for(scene.sofia).get() == request


@pytest.mark.parametrize("people", [2, 12])
def test_an_evaluation_costs_the_same_queries_at_any_size(
    scene, django_assert_max_num_queries, people
):
    for number in range(people):
        scene.person(f"dev{number}", "developer", "security")
    scene.in_force(approvals=[ENGINEERING, SECURITY])
    versions = [scene.version(f"service-{number}") for number in range(people)]
    request = scene.request(scene.release(*versions))
    with django_assert_max_num_queries(22):
        again(request)
