"""Whose every address is: each registered route, page or REST, under one heading.

A route that stands nowhere here fails the sweep, so that nobody adds one without saying whose it is.
``/`` is the first page.
"""

OPEN = """
accounts/inactive/
accounts/login/
accounts/logout/
accounts/signup/
api/v1/docs/
api/v1/schema/
livez
readyz
"""
"""Anybody, signed in or not."""

BY_A_KEY = """
api/v1/deployments/<int:pk>/report/
api/v1/mlflow-webhooks/<uuid:key>/
metrics
"""
"""No account calls here: a token of the call, a signature, or a place on this machine is the permission."""

OF_A_PROJECT = """
access-reviews/<int:pk>/
access-reviews/<int:pk>/decide/
access-reviews/<int:pk>/export.<table_kind:kind>
access-reviews/<int:pk>/sign/
api/v1/access-reviews/<int:pk>/
api/v1/access-reviews/<int:pk>/csv/
api/v1/access-reviews/<int:pk>/decide/
api/v1/access-reviews/<int:pk>/sign/
api/v1/artifact-versions/<int:pk>/
api/v1/artifact-versions/<int:pk>/card.cdx.json
api/v1/artifact-versions/<int:pk>/card.md
api/v1/artifact-versions/<int:pk>/card/
api/v1/artifact-versions/<int:pk>/card/import/
api/v1/artifact-versions/<int:pk>/card/reviews/
api/v1/artifact-versions/<int:pk>/card/revisions/
api/v1/artifact-versions/<int:pk>/comparison/
api/v1/artifact-versions/<int:pk>/evidence/
api/v1/artifact-versions/<int:pk>/lineage/
api/v1/change-requests/<api_number:number>/
api/v1/change-requests/<api_number:number>/approve/
api/v1/change-requests/<api_number:number>/comparisons/
api/v1/change-requests/<api_number:number>/reject/
api/v1/change-requests/<api_number:number>/verdict/
api/v1/change-requests/<api_number:number>/withdraw/
api/v1/deployments/<int:pk>/
api/v1/deployments/<int:pk>/attest/
api/v1/evidence/<int:pk>/
api/v1/evidence/<int:pk>/raw/
api/v1/members/<int:pk>/
api/v1/model-findings/<int:pk>/settle/
api/v1/model-registries/<int:pk>/
api/v1/model-registries/<int:pk>/sync/
api/v1/model-versions/<int:pk>/
api/v1/model-versions/<int:pk>/lineage/
api/v1/models/<int:pk>/
api/v1/models/<int:pk>/retraining-requests/
api/v1/models/<int:pk>/versions/
api/v1/projects/<slug:slug>/
api/v1/projects/<slug:slug>/access-reviews/
api/v1/projects/<slug:slug>/access/
api/v1/projects/<slug:slug>/artifact-versions/
api/v1/projects/<slug:slug>/change-requests/
api/v1/projects/<slug:slug>/environments/
api/v1/projects/<slug:slug>/environments/<slug:name>/
api/v1/projects/<slug:slug>/environments/<slug:name>/at/
api/v1/projects/<slug:slug>/environments/<slug:name>/lineage/
api/v1/projects/<slug:slug>/environments/<slug:name>/model-alias/
api/v1/projects/<slug:slug>/environments/<slug:name>/policy/
api/v1/projects/<slug:slug>/environments/<slug:name>/target/
api/v1/projects/<slug:slug>/environments/<slug:name>/target/bindings/
api/v1/projects/<slug:slug>/environments/<slug:name>/target/bindings/<int:pk>/
api/v1/projects/<slug:slug>/members/
api/v1/projects/<slug:slug>/model-findings/
api/v1/projects/<slug:slug>/model-registries/
api/v1/projects/<slug:slug>/models/
api/v1/projects/<slug:slug>/releases/
api/v1/projects/<slug:slug>/retraining-requests/
api/v1/projects/<slug:slug>/retraining-triggers/
api/v1/projects/<slug:slug>/service-accounts/
api/v1/releases/<int:pk>/
api/v1/releases/<int:pk>/evidence/
api/v1/retraining-requests/<int:pk>/
api/v1/retraining-requests/<int:pk>/clear/
api/v1/retraining-requests/<int:pk>/withdraw/
api/v1/retraining-triggers/<int:pk>/
api/v1/service-accounts/<api_name:username>/
api/v1/service-accounts/<api_name:username>/deactivate/
api/v1/service-accounts/<api_name:username>/tokens/
api/v1/tokens/<int:pk>/revoke/
artifact-versions/<int:pk>/
artifact-versions/<int:pk>/card/
artifact-versions/<int:pk>/card/compare/
artifact-versions/<int:pk>/card/edit/
artifact-versions/<int:pk>/card/export.cdx.json
artifact-versions/<int:pk>/card/export.md
artifact-versions/<int:pk>/card/import/
artifact-versions/<int:pk>/card/review/
artifact-versions/<int:pk>/evidence/
artifact-versions/<int:pk>/lineage/
change-requests/<change_request:number>/
change-requests/<change_request:number>/approve/
change-requests/<change_request:number>/attest/
change-requests/<change_request:number>/live/
change-requests/<change_request:number>/reject/
change-requests/<change_request:number>/withdraw/
evidence/<int:pk>/raw/
model-findings/<int:pk>/settle/
model-registries/<int:pk>/
model-registries/<int:pk>/edit/
model-registries/<int:pk>/live/
model-registries/<int:pk>/sync/
model-versions/<int:pk>/
model-versions/<int:pk>/lineage/
models/<int:pk>/
models/<int:pk>/ask-for-retraining/
models/<int:pk>/retraining-trigger/
projects/<slug:slug>/
projects/<slug:slug>/access/
projects/<slug:slug>/access/export.<table_kind:kind>
projects/<slug:slug>/access/open/
projects/<slug:slug>/artifacts/
projects/<slug:slug>/change-requests/
projects/<slug:slug>/change-requests/new/
projects/<slug:slug>/environments/<slug:name>/
projects/<slug:slug>/environments/<slug:name>/at/
projects/<slug:slug>/environments/<slug:name>/bindings/
projects/<slug:slug>/environments/<slug:name>/bindings/<int:pk>/remove/
projects/<slug:slug>/environments/<slug:name>/lineage/
projects/<slug:slug>/environments/<slug:name>/settings/
projects/<slug:slug>/environments/<slug:name>/target/
projects/<slug:slug>/members/
projects/<slug:slug>/members/<int:pk>/end/
projects/<slug:slug>/members/give/
projects/<slug:slug>/members/reach/
projects/<slug:slug>/models/
projects/<slug:slug>/new-environment/
projects/<slug:slug>/new-model-registry/
projects/<slug:slug>/new-release/
projects/<slug:slug>/new-service-account/
projects/<slug:slug>/releases/
projects/<slug:slug>/releases/<release_version:version>/
projects/<slug:slug>/releases/<release_version:version>/evidence/
projects/<slug:slug>/retraining-trigger/
projects/<slug:slug>/service-accounts/
projects/<slug:slug>/settings/
retraining-requests/<int:pk>/
retraining-requests/<int:pk>/clear/
retraining-requests/<int:pk>/live/
retraining-requests/<int:pk>/withdraw/
service-accounts/<username:username>/
service-accounts/<username:username>/deactivate/
service-accounts/<username:username>/tokens/
service-accounts/<username:username>/tokens/<int:pk>/revoke/
"""
"""Who holds no role in the project finds nothing: the same as where there is nothing."""

OF_THE_PORTAL = """
access-reviews/
api/v1/audit/controls/
api/v1/audit/controls/<slug:framework>/<str:name>/
api/v1/audit/destinations/
api/v1/audit/destinations/<int:pk>/
api/v1/audit/destinations/<int:pk>/dead-letters/
api/v1/audit/destinations/<int:pk>/dead-letters/dismiss/
api/v1/audit/destinations/<int:pk>/dead-letters/send-again/
api/v1/audit/destinations/<int:pk>/pause/
api/v1/audit/destinations/<int:pk>/replay/
api/v1/audit/destinations/<int:pk>/resume/
api/v1/audit/destinations/<int:pk>/test/
api/v1/audit/events/
api/v1/audit/events/<int:pk>/
api/v1/audit/events/<uuid:uid>/proof
api/v1/audit/log/checkpoint
api/v1/audit/log/consistency
api/v1/audit/log/tile/<path:tile>
api/v1/audit/packs/
api/v1/audit/packs/<int:pk>/
api/v1/audit/packs/<int:pk>/file/
api/v1/audit/views/
api/v1/audit/views/<int:pk>/
api/v1/people/<api_name:username>/deactivate/
api/v1/people/<api_name:username>/erasure/
api/v1/people/<api_name:username>/identities/
api/v1/people/<api_name:username>/identities/<int:pk>/
api/v1/people/<api_name:username>/portal-permissions/
api/v1/people/<api_name:username>/reactivate/
api/v1/policies/<slug:name>/versions/<int:number>/publish/
api/v1/privacy/erasures/
api/v1/privacy/erasures/<int:pk>/
api/v1/privacy/erasures/<int:pk>/confirm/
api/v1/privacy/erasures/<int:pk>/receipt/
api/v1/privacy/erasures/<int:pk>/withdraw/
api/v1/privacy/holds/
api/v1/privacy/holds/<int:pk>/lift/
api/v1/privacy/retention/
api/v1/privacy/retention/<slug:name>/
api/v1/teams/<slug:slug>/members/<api_name:username>/
audit/
audit/at/
audit/compliance/
audit/compliance/<slug:framework>/<str:name>/
audit/destinations/
audit/destinations/<int:pk>/
audit/destinations/<int:pk>/again/
audit/destinations/<int:pk>/change/
audit/destinations/<int:pk>/dismiss/
audit/destinations/<int:pk>/live/
audit/destinations/<int:pk>/pause/
audit/destinations/<int:pk>/remove/
audit/destinations/<int:pk>/replay/
audit/destinations/<int:pk>/resume/
audit/destinations/<int:pk>/test/
audit/destinations/new/<str:kind>/
audit/events/<int:pk>/
audit/events/<int:pk>/entry/
audit/events/<int:pk>/proof/
audit/export/
audit/health/
audit/health/verify/
audit/health/verifying/
audit/packs/
audit/packs/<int:pk>/
audit/packs/<int:pk>/file/
audit/packs/<int:pk>/live/
audit/streams/<stream:name>/
audit/views/
audit/views/<int:pk>/
new-project/
people/-/new-role/
people/-/new-team/
people/-/new/
people/-/privacy/
people/-/privacy/erasures/<int:pk>/
people/-/privacy/erasures/<int:pk>/confirm/
people/-/privacy/erasures/<int:pk>/receipt/
people/-/privacy/erasures/<int:pk>/withdraw/
people/-/privacy/holds/
people/-/privacy/holds/<int:pk>/lift/
people/-/privacy/retention/<slug:name>/
people/-/roles/<slug:slug>/edit/
people/-/teams/<slug:slug>/members/
people/-/teams/<slug:slug>/members/<username:username>/remove/
people/<username:username>/deactivate/
people/<username:username>/edit/
people/<username:username>/erase/
people/<username:username>/identities/
people/<username:username>/identities/<int:pk>/remove/
people/<username:username>/password/
people/<username:username>/portal-permissions/
people/<username:username>/reactivate/
policies/-/new/
policies/<slug:name>/edit/
policies/<slug:name>/versions/<int:number>/activate/
policies/<slug:name>/versions/<int:number>/publish/
"""
"""For a right of the portal, or within what somebody may read; nothing of a project that one may not see."""

OF_EVERYBODY = """
/
account/tokens/
account/tokens/<int:pk>/revoke/
account/tokens/issue/
accounts/password/change/
api/v1/change-requests/
api/v1/clusters/
api/v1/clusters/<slug:name>/
api/v1/data/states/
api/v1/data/uses/
api/v1/deployments/
api/v1/me/
api/v1/me/tokens/
api/v1/model-cards/
api/v1/people/
api/v1/people/<api_name:username>/
api/v1/policies/
api/v1/policies/<slug:name>/
api/v1/policies/<slug:name>/versions/
api/v1/policies/<slug:name>/versions/<int:number>/
api/v1/projects/
api/v1/roles/
api/v1/roles/<slug:slug>/
api/v1/teams/
api/v1/teams/<slug:slug>/
api/v1/teams/<slug:slug>/members/
change-requests/
data/
model-cards/
people/
people/-/known-as/<slug:pseudonym>/
people/-/roles/
people/-/roles/<slug:slug>/
people/-/teams/
people/-/teams/<slug:slug>/
people/<username:username>/
policies/
policies/<slug:name>/
policies/<slug:name>/compare/
policies/<slug:name>/versions/<int:number>/
projects/
search/
service-accounts/
"""
"""Everybody who is signed in; nothing of a project that one may not see."""

KINDS = {
    "open": OPEN,
    "by a key": BY_A_KEY,
    "of a project": OF_A_PROJECT,
    "of the portal": OF_THE_PORTAL,
    "of everybody": OF_EVERYBODY,
}


def of_kind(*kinds: str) -> list[str]:
    """The routes of these kinds."""
    return [
        "" if route == "/" else route
        for kind in kinds
        for route in KINDS[kind].strip().splitlines()
    ]
