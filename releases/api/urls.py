"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path, register_converter

from releases.api.access import (
    AccessView,
    DecideView,
    ReviewsView,
    ReviewTableView,
    ReviewView,
    SignView,
)
from releases.api.cards import (
    CardCycloneDXView,
    CardImportView,
    CardReadmeView,
    CardReviewsView,
    CardRevisionsView,
    CardsView,
    CardView,
)
from releases.api.change_requests import (
    ApproveView,
    ChangeRequestsView,
    ChangeRequestView,
    ProjectChangeRequestsView,
    RejectView,
    VerdictView,
    WithdrawView,
)
from releases.api.comparisons import VersionComparisonView
from releases.api.converters import ChangeRequestConverter
from releases.api.evidence import (
    EvidenceView,
    RawEvidenceView,
    ReleaseEvidenceView,
    VersionEvidenceView,
)
from releases.api.policies import (
    EnvironmentPolicyView,
    PoliciesView,
    PolicyVersionsView,
    PolicyVersionView,
    PolicyView,
    PublishPolicyView,
)
from releases.api.releases import ReleasesView, ReleaseView

register_converter(ChangeRequestConverter, "api_number")

CHANGE_REQUEST = "change-requests/<api_number:number>/"
POLICY = "policies/<slug:name>/"
CARD = "artifact-versions/<int:pk>/card"

urlpatterns: list[URLPattern | URLResolver] = [
    path("artifact-versions/<int:pk>/evidence/", VersionEvidenceView.as_view()),
    path("model-cards/", CardsView.as_view()),
    path(f"{CARD}/", CardView.as_view()),
    path(f"{CARD}/import/", CardImportView.as_view()),
    path(f"{CARD}/reviews/", CardReviewsView.as_view()),
    path(f"{CARD}/revisions/", CardRevisionsView.as_view()),
    path(f"{CARD}.cdx.json", CardCycloneDXView.as_view()),
    path(f"{CARD}.md", CardReadmeView.as_view()),
    path("artifact-versions/<int:pk>/comparison/", VersionComparisonView.as_view()),
    path("releases/<int:pk>/evidence/", ReleaseEvidenceView.as_view()),
    path("evidence/<int:pk>/", EvidenceView.as_view()),
    path("evidence/<int:pk>/raw/", RawEvidenceView.as_view()),
    path("projects/<slug:slug>/releases/", ReleasesView.as_view()),
    path("releases/<int:pk>/", ReleaseView.as_view()),
    path("projects/<slug:slug>/change-requests/", ProjectChangeRequestsView.as_view()),
    path("change-requests/", ChangeRequestsView.as_view()),
    path(CHANGE_REQUEST, ChangeRequestView.as_view()),
    path(f"{CHANGE_REQUEST}approve/", ApproveView.as_view()),
    path(f"{CHANGE_REQUEST}reject/", RejectView.as_view()),
    path(f"{CHANGE_REQUEST}withdraw/", WithdrawView.as_view()),
    path(f"{CHANGE_REQUEST}verdict/", VerdictView.as_view()),
    path("policies/", PoliciesView.as_view()),
    path(POLICY, PolicyView.as_view()),
    path(f"{POLICY}versions/", PolicyVersionsView.as_view()),
    path(f"{POLICY}versions/<int:number>/", PolicyVersionView.as_view()),
    path(f"{POLICY}versions/<int:number>/publish/", PublishPolicyView.as_view()),
    path("projects/<slug:slug>/environments/<slug:name>/policy/", EnvironmentPolicyView.as_view()),
    path("projects/<slug:slug>/access/", AccessView.as_view()),
    path("projects/<slug:slug>/access-reviews/", ReviewsView.as_view()),
    path("access-reviews/<int:pk>/", ReviewView.as_view()),
    path("access-reviews/<int:pk>/decide/", DecideView.as_view()),
    path("access-reviews/<int:pk>/sign/", SignView.as_view()),
    path("access-reviews/<int:pk>/csv/", ReviewTableView.as_view()),
]
