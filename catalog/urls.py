"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path, register_converter

from catalog.views import (
    members,
    people,
    people_changes,
    privacy,
    projects,
    roles,
    service_accounts,
    teams,
)
from catalog.views.converters import UsernameConverter

register_converter(UsernameConverter, "username")

app_name = "catalog"

PERSON = "people/<username:username>/"
# "-" is no page of a person called "-": nobody's page has these parts.
TEAMS = "people/-/teams/"
TEAM = f"{TEAMS}<slug:slug>/"
ROLES = "people/-/roles/"
ROLE = f"{ROLES}<slug:slug>/"
PROJECT = "projects/<slug:slug>/"
MACHINE = "service-accounts/<username:username>/"
PRIVACY = "people/-/privacy/"

of_privacy: list[URLPattern | URLResolver] = [
    path(PRIVACY, privacy.PrivacyPage.as_view(), name="privacy"),
    path(f"{PRIVACY}holds/", privacy.PlaceHold.as_view(), name="place-hold"),
    path(f"{PRIVACY}holds/<int:pk>/lift/", privacy.LiftHold.as_view(), name="lift-hold"),
    path(
        f"{PRIVACY}retention/<slug:name>/", privacy.SetRetentionPage.as_view(), name="set-retention"
    ),
    path(f"{PRIVACY}erasures/<int:pk>/", privacy.ErasurePage.as_view(), name="erasure"),
    path(
        f"{PRIVACY}erasures/<int:pk>/confirm/",
        privacy.ConfirmErasure.as_view(),
        name="confirm-erasure",
    ),
    path(
        f"{PRIVACY}erasures/<int:pk>/withdraw/",
        privacy.WithdrawErasure.as_view(),
        name="withdraw-erasure",
    ),
    path(f"{PRIVACY}erasures/<int:pk>/receipt/", privacy.Receipt.as_view(), name="erasure-receipt"),
    path(f"{PERSON}erase/", privacy.RequestErasurePage.as_view(), name="erase-person"),
]

of_people: list[URLPattern | URLResolver] = [
    path("people/", people.PeoplePage.as_view(), name="people"),
    path("people/-/new/", people_changes.NewPersonPage.as_view(), name="new-person"),
    path(
        "people/-/known-as/<slug:pseudonym>/", people.AccountByPseudonym.as_view(), name="account"
    ),
    path(PERSON, people.PersonPage.as_view(), name="person"),
    path(f"{PERSON}edit/", people_changes.EditPersonPage.as_view(), name="edit-person"),
    path(f"{PERSON}password/", people_changes.SetPasswordPage.as_view(), name="set-password"),
    path(
        f"{PERSON}deactivate/", people_changes.DeactivatePerson.as_view(), name="deactivate-person"
    ),
    path(
        f"{PERSON}reactivate/", people_changes.ReactivatePerson.as_view(), name="reactivate-person"
    ),
    path(f"{PERSON}identities/", people_changes.AddIdentity.as_view(), name="add-identity"),
    path(
        f"{PERSON}identities/<int:pk>/remove/",
        people_changes.RemoveIdentity.as_view(),
        name="remove-identity",
    ),
    path(
        f"{PERSON}portal-permissions/",
        people_changes.SetPortalPermissions.as_view(),
        name="set-portal-permissions",
    ),
    path(TEAMS, teams.TeamsPage.as_view(), name="teams"),
    path("people/-/new-team/", teams.NewTeamPage.as_view(), name="new-team"),
    path(TEAM, teams.TeamPage.as_view(), name="team"),
    path(f"{TEAM}members/", teams.AddTeamMember.as_view(), name="add-team-member"),
    path(
        f"{TEAM}members/<username:username>/remove/",
        teams.RemoveTeamMember.as_view(),
        name="remove-team-member",
    ),
    path(ROLES, roles.RolesPage.as_view(), name="roles"),
    path("people/-/new-role/", roles.NewRolePage.as_view(), name="new-role"),
    path(ROLE, roles.RolePage.as_view(), name="role"),
    path(f"{ROLE}edit/", roles.EditRolePage.as_view(), name="edit-role"),
]

of_members: list[URLPattern | URLResolver] = [
    path(f"{PROJECT}members/", members.MembersPage.as_view(), name="project-members"),
    path(f"{PROJECT}members/reach/", members.ReachPage.as_view(), name="project-reach"),
    path(f"{PROJECT}members/give/", members.GiveRole.as_view(), name="give-role"),
    path(f"{PROJECT}members/<int:pk>/end/", members.EndRole.as_view(), name="end-role"),
]

of_machines: list[URLPattern | URLResolver] = [
    path(
        f"{PROJECT}service-accounts/",
        service_accounts.ProjectServiceAccountsPage.as_view(),
        name="project-service-accounts",
    ),
    path(
        f"{PROJECT}new-service-account/",
        service_accounts.NewServiceAccountPage.as_view(),
        name="new-service-account",
    ),
    path(
        "service-accounts/",
        service_accounts.ServiceAccountsPage.as_view(),
        name="service-accounts",
    ),
    path(MACHINE, service_accounts.ServiceAccountPage.as_view(), name="service-account"),
    path(
        f"{MACHINE}deactivate/",
        service_accounts.DeactivateServiceAccount.as_view(),
        name="deactivate-service-account",
    ),
    path(f"{MACHINE}tokens/", service_accounts.IssueToken.as_view(), name="issue-token"),
    path(
        f"{MACHINE}tokens/<int:pk>/revoke/",
        service_accounts.RevokeToken.as_view(),
        name="revoke-token",
    ),
    path("account/tokens/", service_accounts.MyTokensPage.as_view(), name="my-tokens"),
    path("account/tokens/issue/", service_accounts.IssueMyToken.as_view(), name="issue-my-token"),
    path(
        "account/tokens/<int:pk>/revoke/",
        service_accounts.RevokeMyToken.as_view(),
        name="revoke-my-token",
    ),
]

of_projects: list[URLPattern | URLResolver] = [
    path("projects/", projects.ProjectsPage.as_view(), name="projects"),
    path("new-project/", projects.NewProject.as_view(), name="new-project"),
    path(f"{PROJECT}settings/", projects.ProjectSettings.as_view(), name="project-settings"),
    path(f"{PROJECT}new-environment/", projects.NewEnvironment.as_view(), name="new-environment"),
    path(
        f"{PROJECT}environments/<slug:name>/settings/",
        projects.EnvironmentSettings.as_view(),
        name="environment-settings",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *of_projects,
    *of_privacy,
    *of_people,
    *of_members,
    *of_machines,
]
