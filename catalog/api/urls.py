"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path, register_converter

from catalog.api.artifact_versions import ArtifactVersionsView, ArtifactVersionView
from catalog.api.converters import NameConverter
from catalog.api.environments import EnvironmentsView
from catalog.api.identities import IdentitiesView, IdentityView
from catalog.api.members import MembersView, MemberView
from catalog.api.people import (
    DeactivatePersonView,
    PeopleView,
    PersonView,
    PortalPermissionsView,
    ReactivatePersonView,
)
from catalog.api.privacy import (
    ConfirmErasureView,
    ErasuresView,
    ErasureView,
    HoldsView,
    LiftHoldView,
    ReceiptView,
    RequestErasureView,
    RetentionClassView,
    RetentionView,
    WithdrawErasureView,
)
from catalog.api.projects import ProjectsView, ProjectView
from catalog.api.roles import RolesView, RoleView
from catalog.api.service_accounts import (
    DeactivateServiceAccountView,
    ServiceAccountsView,
    ServiceAccountView,
)
from catalog.api.teams import TeamMembersView, TeamMemberView, TeamsView, TeamView
from catalog.api.tokens import AccountTokensView, MyTokensView, RevokeTokenView

register_converter(NameConverter, "api_name")

PROJECT = "projects/<slug:slug>/"
PERSON = "people/<api_name:username>/"
MACHINE = "service-accounts/<api_name:username>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/", ProjectsView.as_view()),
    path(PROJECT, ProjectView.as_view()),
    path(f"{PROJECT}environments/", EnvironmentsView.as_view()),
    path(f"{PROJECT}members/", MembersView.as_view()),
    path(f"{PROJECT}service-accounts/", ServiceAccountsView.as_view()),
    path(f"{PROJECT}artifact-versions/", ArtifactVersionsView.as_view()),
    path("members/<int:pk>/", MemberView.as_view()),
    path("teams/", TeamsView.as_view()),
    path("teams/<slug:slug>/", TeamView.as_view()),
    path("teams/<slug:slug>/members/", TeamMembersView.as_view()),
    path("teams/<slug:slug>/members/<api_name:username>/", TeamMemberView.as_view()),
    path("roles/", RolesView.as_view()),
    path("roles/<slug:slug>/", RoleView.as_view()),
    path("people/", PeopleView.as_view()),
    path(PERSON, PersonView.as_view()),
    path(f"{PERSON}deactivate/", DeactivatePersonView.as_view()),
    path(f"{PERSON}reactivate/", ReactivatePersonView.as_view()),
    path(f"{PERSON}portal-permissions/", PortalPermissionsView.as_view()),
    path(f"{PERSON}erasure/", RequestErasureView.as_view()),
    path("privacy/erasures/", ErasuresView.as_view()),
    path("privacy/erasures/<int:pk>/", ErasureView.as_view()),
    path("privacy/erasures/<int:pk>/confirm/", ConfirmErasureView.as_view()),
    path("privacy/erasures/<int:pk>/withdraw/", WithdrawErasureView.as_view()),
    path("privacy/erasures/<int:pk>/receipt/", ReceiptView.as_view()),
    path("privacy/holds/", HoldsView.as_view()),
    path("privacy/holds/<int:pk>/lift/", LiftHoldView.as_view()),
    path("privacy/retention/", RetentionView.as_view()),
    path("privacy/retention/<slug:name>/", RetentionClassView.as_view()),
    path(f"{PERSON}identities/", IdentitiesView.as_view()),
    path(f"{PERSON}identities/<int:pk>/", IdentityView.as_view()),
    path(MACHINE, ServiceAccountView.as_view()),
    path(f"{MACHINE}deactivate/", DeactivateServiceAccountView.as_view()),
    path(f"{MACHINE}tokens/", AccountTokensView.as_view()),
    path("me/tokens/", MyTokensView.as_view()),
    path("tokens/<int:pk>/revoke/", RevokeTokenView.as_view()),
    path("artifact-versions/<int:pk>/", ArtifactVersionView.as_view()),
]
