"""Every address of the portal: pages at the root, the REST API under /api/v1/."""

from django.urls import include, path

# Addresses are tried in this order, and what pipelines poll is tried first.
api_v1 = [
    path("", include("releases.api.urls")),
    path("", include("portal.api.urls")),
    path("", include("catalog.api.urls")),
    path("", include("deployments.api.urls")),
    path("", include("models_registry.api.urls")),
    path("", include("audit.api.urls")),
]

handler500 = "portal.views.failure.failed"

urlpatterns = [
    path("api/v1/", include(api_v1)),
    path("accounts/", include("allauth.account.urls")),
    path("", include("portal.pages")),
    path("", include("catalog.urls")),
    path("", include("releases.urls")),
    path("", include("deployments.urls")),
    path("", include("models_registry.urls")),
    path("", include("audit.urls")),
]
