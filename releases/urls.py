"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path, register_converter

from releases.views import artifacts, change_requests, releases
from releases.views.converters import ReleaseVersionConverter

register_converter(ReleaseVersionConverter, "release_version")

app_name = "releases"

PROJECT = "projects/<slug:slug>/"
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

urlpatterns: list[URLPattern | URLResolver] = [
    *of_releases,
    *of_artifacts,
    *of_change_requests,
]
