"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path, register_converter

from releases.views import access, artifacts, cards, change_requests, policies, releases
from releases.views.converters import ReleaseVersionConverter, TableKindConverter

register_converter(TableKindConverter, "table_kind")
register_converter(ReleaseVersionConverter, "release_version")

app_name = "releases"

PROJECT = "projects/<slug:slug>/"
POLICY = "policies/<slug:name>/"
POLICY_VERSION = f"{POLICY}versions/<int:number>/"
ACCESS = f"{PROJECT}access/"
CARD = "artifact-versions/<int:pk>/card/"
REVIEW = "access-reviews/<int:pk>/"
RELEASE = f"{PROJECT}releases/<release_version:version>/"

of_releases: list[URLPattern | URLResolver] = [
    path(f"{PROJECT}releases/", releases.ReleasesPage.as_view(), name="releases"),
    path(f"{PROJECT}new-release/", releases.NewRelease.as_view(), name="new-release"),
    path(RELEASE, releases.ReleasePage.as_view(), name="release"),
    path(
        f"{RELEASE}evidence/",
        artifacts.AddEvidenceToRelease.as_view(),
        name="add-evidence-to-release",
    ),
]

of_artifacts: list[URLPattern | URLResolver] = [
    path(f"{PROJECT}artifacts/", artifacts.ArtifactsPage.as_view(), name="artifacts"),
    path(
        "artifact-versions/<int:pk>/",
        artifacts.ArtifactVersionPage.as_view(),
        name="artifact-version",
    ),
    path(
        "artifact-versions/<int:pk>/evidence/",
        artifacts.AddEvidenceToVersion.as_view(),
        name="add-evidence",
    ),
    path("evidence/<int:pk>/raw/", artifacts.RawEvidence.as_view(), name="evidence-raw"),
]

of_change_requests: list[URLPattern | URLResolver] = [
    path(
        "change-requests/",
        change_requests.AllChangeRequestsPage.as_view(),
        name="all-change-requests",
    ),
    path(
        f"{PROJECT}change-requests/",
        change_requests.ChangeRequestsPage.as_view(),
        name="change-requests",
    ),
    path(
        f"{PROJECT}change-requests/new/",
        change_requests.NewChangeRequest.as_view(),
        name="new-change-request",
    ),
]

of_policies: list[URLPattern | URLResolver] = [
    path("policies/", policies.PoliciesPage.as_view(), name="policies"),
    path("policies/-/new/", policies.NewPolicyPage.as_view(), name="new-policy"),
    path(POLICY, policies.PolicyPage.as_view(), name="policy"),
    path(f"{POLICY}edit/", policies.EditPolicyPage.as_view(), name="edit-policy"),
    path(f"{POLICY}compare/", policies.ComparePolicyPage.as_view(), name="compare-policy"),
    path(POLICY_VERSION, policies.PolicyVersionPage.as_view(), name="policy-version"),
    path(f"{POLICY_VERSION}publish/", policies.PublishPolicy.as_view(), name="publish-policy"),
    path(f"{POLICY_VERSION}activate/", policies.ActivatePolicy.as_view(), name="activate-policy"),
]

of_cards: list[URLPattern | URLResolver] = [
    path("model-cards/", cards.CardsPage.as_view(), name="cards"),
    path(CARD, cards.CardPage.as_view(), name="card"),
    path(f"{CARD}edit/", cards.EditCard.as_view(), name="edit-card"),
    path(f"{CARD}import/", cards.ImportCard.as_view(), name="import-card"),
    path(f"{CARD}review/", cards.ReviewCard.as_view(), name="review-card"),
    path(f"{CARD}compare/", cards.CompareCard.as_view(), name="compare-card"),
    path(f"{CARD}export.cdx.json", cards.ExportCard.as_view(), {"form": "cdx"}, name="card-cdx"),
    path(f"{CARD}export.md", cards.ExportCard.as_view(), {"form": "md"}, name="card-md"),
]

of_access: list[URLPattern | URLResolver] = [
    path("access-reviews/", access.ReviewsPage.as_view(), name="access-reviews"),
    path(REVIEW, access.ReviewPage.as_view(), name="access-review"),
    path(f"{REVIEW}decide/", access.DecideAccess.as_view(), name="decide-access"),
    path(f"{REVIEW}sign/", access.SignReview.as_view(), name="sign-access-review"),
    path(f"{REVIEW}export.<table_kind:kind>", access.ReviewExport.as_view(), name="export-review"),
    path(ACCESS, access.AccessPage.as_view(), name="access"),
    path(f"{ACCESS}open/", access.OpenReview.as_view(), name="open-access-review"),
    path(f"{ACCESS}export.<table_kind:kind>", access.AccessExport.as_view(), name="export-access"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *of_access,
    *of_releases,
    *of_artifacts,
    *of_cards,
    *of_change_requests,
    *of_policies,
]
