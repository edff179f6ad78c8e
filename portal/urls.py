"""Every address of the portal: pages at the root, the REST API under /api/v1/."""

from allauth.account import views as account
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

# These pages of allauth and no others. The rest would let people change their own addresses, past the
# actions and the log; commits are matched with people by these, and nobody signs what they wrote.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),  # says that there is none
    path("password/change/", account.password_change, name="account_change_password"),
]

handler500 = "portal.views.failure.failed"

urlpatterns = [
    path("api/v1/", include(api_v1)),
    path("accounts/", include(accounts)),
    path("", include("portal.pages")),
    path("", include("catalog.urls")),
    path("", include("releases.urls")),
    path("", include("deployments.urls")),
    path("", include("models_registry.urls")),
    path("", include("audit.urls")),
]
