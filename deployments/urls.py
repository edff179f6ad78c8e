"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path

from deployments.views import environments

app_name = "deployments"

ENVIRONMENT = "projects/<slug:slug>/environments/<slug:name>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(ENVIRONMENT, environments.EnvironmentPage.as_view(), name="environment"),
    path(f"{ENVIRONMENT}target/", environments.SetTarget.as_view(), name="set-target"),
    path(f"{ENVIRONMENT}bindings/", environments.AddBinding.as_view(), name="add-binding"),
    path(
        f"{ENVIRONMENT}bindings/<int:pk>/remove/",
        environments.RemoveBinding.as_view(),
        name="remove-binding",
    ),
]
