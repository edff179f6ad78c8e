"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path

from deployments.views import environments, lineage

app_name = "deployments"

ENVIRONMENT = "projects/<slug:slug>/environments/<slug:name>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(ENVIRONMENT, environments.EnvironmentPage.as_view(), name="environment"),
    path(
        f"{ENVIRONMENT}lineage/",
        lineage.EnvironmentLineage.as_view(),
        name="environment-lineage",
    ),
    path(
        "artifact-versions/<int:pk>/lineage/",
        lineage.VersionLineage.as_view(),
        name="version-lineage",
    ),
    path(
        "model-versions/<int:pk>/lineage/",
        lineage.ModelVersionLineage.as_view(),
        name="model-version-lineage",
    ),
    path("data/", lineage.DataPage.as_view(), name="data"),
    path(f"{ENVIRONMENT}target/", environments.SetTarget.as_view(), name="set-target"),
    path(f"{ENVIRONMENT}bindings/", environments.AddBinding.as_view(), name="add-binding"),
    path(
        f"{ENVIRONMENT}bindings/<int:pk>/remove/",
        environments.RemoveBinding.as_view(),
        name="remove-binding",
    ),
]
