"""Every write: no token 401, the wrong role 403, another project's thing 404, a token that only reads 403."""

import pytest

from portal.api.openapi import whole_schema
from tests import factories

DAY = "2099-01-01T00:00:00Z"
SIGNED = {"statement_digest": f"sha256:{'0' * 64}", "comment": "no"}

# operation → (address, body, who may see the thing: a member of the project, or everybody)
IN_PROJECT = {
    "projects_change": ("PATCH", "projects/payments/", {"name": "Pay"}),
    "environments_create": (
        "POST",
        "projects/payments/environments/",
        {"name": "dev", "tier": "development"},
    ),
    "environments_change": (
        "PATCH",
        "projects/payments/environments/staging/",
        {"tier": "testing"},
    ),
    "members_create": ("POST", "projects/payments/members/", {"user": "olga", "role": "viewer"}),
    "members_end": ("DELETE", "members/{membership}/", None),
    "service_accounts_create": ("POST", "projects/payments/service-accounts/", {"username": "bot"}),
    "service_accounts_deactivate": ("POST", "service-accounts/payments-ci/deactivate/", None),
    "service_account_tokens_issue": (
        "POST",
        "service-accounts/payments-ci/tokens/",
        {"name": "x", "scopes": ["read"], "expires_at": DAY},
    ),
    "tokens_revoke": ("POST", "tokens/{token}/revoke/", None),
    "artifact_versions_register": (
        "POST",
        "projects/payments/artifact-versions/",
        {"artifact": "a", "kind": "image", "version": "1", "digest": factories.digest("a")},
    ),
    "artifact_version_evidence_add": (
        "POST",
        "artifact-versions/{version}/evidence/",
        {"kind": "metrics", "document": {"coverage": 1}},
    ),
    "release_evidence_add": (
        "POST",
        "releases/{release}/evidence/",
        {"kind": "metrics", "document": {"coverage": 1}},
    ),
    "model_cards_save": ("PUT", "artifact-versions/{carded}/card/", {"content": {"task": "x"}}),
    "model_cards_import": (
        "POST",
        "artifact-versions/{carded}/card/import/",
        {"document": {"model_details": {"overview": "new"}}},
    ),
    "model_cards_review": ("POST", "artifact-versions/{carded}/card/reviews/", {"revision": 1}),
    "releases_seal": (
        "POST",
        "projects/payments/releases/",
        {"version": "2", "artifact_versions": [1]},
    ),
    "change_requests_open": (
        "POST",
        "projects/payments/change-requests/",
        {"release": "2026.2", "environment": "production", "reason": "why not"},
    ),
    "change_requests_approve": ("POST", "change-requests/{number}/approve/", SIGNED),
    "change_requests_reject": ("POST", "change-requests/{number}/reject/", SIGNED),
    "change_requests_withdraw": ("POST", "change-requests/{number}/withdraw/", {}),
    "environment_policy_activate": (
        "PUT",
        "projects/payments/environments/staging/policy/",
        {"policy": "standard", "version": 1},
    ),
    "targets_set": (
        "PUT",
        "projects/payments/environments/staging/target/",
        {"executor": "manual"},
    ),
    "bindings_add": (
        "POST",
        "projects/payments/environments/staging/target/bindings/",
        {"artifact": "payments-api", "workload": "api", "container": "api"},
    ),
    "bindings_remove": (
        "DELETE",
        "projects/payments/environments/staging/target/bindings/1/",
        None,
    ),
    "access_reviews_open": ("POST", "projects/payments/access-reviews/", {"owner": "oskar"}),
    "access_reviews_decide": (
        "POST",
        "access-reviews/{review}/decide/",
        {"decisions": [{"right": "x", "verdict": "keep"}]},
    ),
    "access_reviews_sign": ("POST", "access-reviews/{review}/sign/", {"digest": "sha256:0"}),
    "deployments_attest": ("POST", "deployments/{deployment}/attest/", {"result": "succeeded"}),
    "model_registries_create": (
        "POST",
        "projects/payments/model-registries/",
        {"name": "second", "tracking_url": "https://mlflow.example.com"},
    ),
    "model_registries_change": ("PATCH", "model-registries/{registry}/", {"name_pattern": "a*"}),
    "model_registries_sync": ("POST", "model-registries/{registry}/sync/", None),
    "model_findings_settle": ("POST", "model-findings/{finding}/settle/", {"comment": "known"}),
    "retraining_triggers_create": (
        "POST",
        "projects/payments/retraining-triggers/",
        {
            "kind": "webhook",
            "address": "https://train.example.com/",
            "secret": "payments",
            "parameters": {"data": "1"},
        },
    ),
    "retraining_triggers_change": (
        "PATCH",
        "retraining-triggers/{trigger}/",
        {"cooldown_seconds": 1},
    ),
    "retraining_requests_create": (
        "POST",
        "models/{model}/retraining-requests/",
        {"reason": "drift"},
    ),
    "retraining_requests_withdraw": (
        "POST",
        "retraining-requests/{retraining}/withdraw/",
        {"comment": "no"},
    ),
    "retraining_requests_clear": (
        "POST",
        "retraining-requests/{retraining}/clear/",
        {"has_begun": True, "comment": "seen"},
    ),
    "model_alias_choose": (
        "PUT",
        "projects/payments/environments/staging/model-alias/",
        {"alias": "candidate"},
    ),
}
OF_THE_PORTAL = {
    "projects_create": ("POST", "projects/", {"slug": "new", "name": "New", "risk_tier": "low"}),
    "teams_create": ("POST", "teams/", {"slug": "crew", "name": "Crew"}),
    "teams_add_member": ("POST", "teams/team/members/", {"user": "tom"}),
    "teams_remove_member": ("DELETE", "teams/team/members/tom/", None),
    "roles_create": (
        "POST",
        "roles/",
        {"slug": "r", "title": "R", "permissions": ["view_project"]},
    ),
    "roles_change": ("PATCH", "roles/custom/", {"title": "Other"}),
    "people_create": ("POST", "people/", {"username": "newcomer"}),
    "people_change": ("PATCH", "people/tom/", {"full_name": "Tim"}),
    "people_deactivate": ("POST", "people/tom/deactivate/", None),
    "people_reactivate": ("POST", "people/tom/reactivate/", None),
    "people_portal_permissions": ("PUT", "people/tom/portal-permissions/", {"permissions": []}),
    "people_add_identity": ("POST", "people/tom/identities/", {"kind": "scm_login", "value": "tb"}),
    "people_remove_identity": ("DELETE", "people/tom/identities/{identity}/", None),
    "erasures_request": ("POST", "people/tom/erasure/", {"basis": "withdrawn"}),
    "erasures_confirm": ("POST", "privacy/erasures/1/confirm/", None),
    "erasures_withdraw": ("POST", "privacy/erasures/1/withdraw/", None),
    "holds_place": (
        "POST",
        "privacy/holds/",
        {"kind": "subject", "about": "tom", "reason": "matter 12"},
    ),
    "holds_lift": ("POST", "privacy/holds/1/lift/", None),
    "retention_set": ("PUT", "privacy/retention/addresses/", {"days": 90}),
    "policies_create": ("POST", "policies/", {"name": "strict"}),
    "policy_versions_save": ("POST", "policies/standard/versions/", {"gates": []}),
    "policy_versions_publish": ("POST", "policies/standard/versions/1/publish/", None),
    "audit_destinations_create": (
        "POST",
        "audit/destinations/",
        {"name": "other", "kind": "file", "file_name": "other.jsonl"},
    ),
    "audit_destinations_change": (
        "PATCH",
        "audit/destinations/{destination}/",
        {"format": "ocsf"},
    ),
    "audit_destinations_remove": ("DELETE", "audit/destinations/{destination}/", None),
    "audit_destinations_pause": (
        "POST",
        "audit/destinations/{destination}/pause/",
        {"why": "why not"},
    ),
    "audit_destinations_resume": ("POST", "audit/destinations/{destination}/resume/", None),
    "audit_destinations_replay": (
        "POST",
        "audit/destinations/{destination}/replay/",
        {"from_index": 0},
    ),
    "audit_destinations_test": ("POST", "audit/destinations/{destination}/test/", None),
    "audit_dead_letters_send_again": (
        "POST",
        "audit/destinations/{destination}/dead-letters/send-again/",
        {},
    ),
    "audit_dead_letters_dismiss": (
        "POST",
        "audit/destinations/{destination}/dead-letters/dismiss/",
        {"why": "no"},
    ),
    "audit_views_save": ("POST", "audit/views/", {"name": "Denied", "filter": {}}),
    "audit_views_replace": ("PUT", "audit/views/{view}/", {"name": "Other", "filter": {}}),
    "audit_views_rename": ("PATCH", "audit/views/{view}/", {"name": "Other"}),
    "audit_views_delete": ("DELETE", "audit/views/{view}/", None),
    "clusters_create": ("POST", "clusters/", {"name": "east"}),
    "audit_packs_request": ("POST", "audit/packs/", {"project": "payments"}),
}
READING = {"audit_packs_request"}  # a pack holds what its reader may read, and no more
WITHOUT_ROLE = {
    "my_tokens_issue": "everybody issues their own",
    "deployments_report": "the token of the call is the permission",
    "mlflow_webhooks_take": "MLflow's signature is the permission",
}
WRITES = IN_PROJECT | OF_THE_PORTAL


@pytest.fixture
def furnished(world):
    """One of everything, and how to name it."""
    from tests.support.furnished import furnish  # noqa: PLC0415 -- only here

    return furnish(world)


def send(client, call, names):
    method, address, body = call
    path = f"/api/v1/{address.format(**names)}"
    return (
        client.generic(method, path, b"")
        if body is None
        else getattr(client, method.lower())(path, body)
    )


def test_every_write_of_the_api_is_tried_here():
    written = {
        operation["operationId"]
        for path in whole_schema()["paths"].values()
        for method, operation in path.items()
        if method != "get"
    }
    assert written == WRITES.keys() | WITHOUT_ROLE.keys()


def test_nobody_writes_without_a_token(world, furnished, nobody):
    for name, call in WRITES.items():
        answer = send(nobody, call, furnished)
        assert (answer.status_code, name) == (401, name)
        assert answer.json()["code"] == "not_authenticated"


def test_a_token_that_only_reads_writes_nothing(world, furnished):
    reader = world.as_("admin", "read")
    for name, call in WRITES.items():
        if name in READING:
            continue
        answer = send(reader, call, furnished)
        assert (answer.status_code, name) == (403, name)
        assert answer.json()["required_scope"] in {
            "admin",
            "artifacts",
            "releases",
            "changes",
            "approve",
        }


def test_the_wrong_role_may_see_and_not_write(world, furnished):
    for name, call in WRITES.items():
        answer = send(world.as_("vera"), call, furnished)
        assert (answer.status_code, answer.json()["code"], name) == (403, "not_permitted", name)


def test_what_belongs_to_another_project_is_not_there(world, furnished):
    for name, call in IN_PROJECT.items():
        answer = send(world.as_("olga"), call, furnished)
        assert (answer.status_code, answer.json()["code"], name) == (404, "not_found", name)


def test_a_body_that_is_no_object_is_refused_by_name(world, furnished):
    admin = world.as_("admin")
    for name, call in WRITES.items():
        if call[2] and name != "policy_versions_save":
            answer = send(admin, (*call[:2], ["not", "an", "object"]), furnished)
            assert (answer.status_code, name) == (400, name)


def test_a_field_that_nobody_knows_is_refused_by_name(world, furnished):
    admin = world.as_("admin")
    for name, call in WRITES.items():
        if call[2] and name != "policy_versions_save":
            answer = send(admin, (*call[:2], {**call[2], "surprise": 1}), furnished)
            assert (answer.status_code, name) == (400, name)
            assert "surprise" in answer.json()["errors"], name


def test_no_refused_call_left_anything_behind(world, furnished):
    from audit.models import Event  # noqa: PLC0415 -- only here

    before = Event.objects.count()
    for call in WRITES.values():
        send(world.as_("vera"), call, furnished)
    for call in IN_PROJECT.values():
        send(world.as_("olga"), call, furnished)
    assert Event.objects.count() == before
