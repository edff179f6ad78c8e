"""The portal's own pages: inbox, search, a project at a glance, a change request, health."""

from django.urls import URLPattern, URLResolver, path, register_converter

from portal import health
from portal.views import change_requests, inbox, moment, project, search
from releases.views.converters import ChangeRequestConverter

register_converter(ChangeRequestConverter, "change_request")

app_name = "portal"

REQUEST = "change-requests/<change_request:number>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.alive, name="livez"),
    path("readyz", health.ready, name="readyz"),
    path("", inbox.InboxPage.as_view(), name="inbox"),
    path("search/", search.SearchPage.as_view(), name="search"),
    path("projects/<slug:slug>/", project.OverviewPage.as_view(), name="project"),
    path(
        "projects/<slug:slug>/environments/<slug:name>/at/",
        moment.MomentPage.as_view(),
        name="moment",
    ),
    path("audit/at/", moment.MomentsPage.as_view(), name="moments"),
    path(REQUEST, change_requests.ChangeRequestPage.as_view(), name="change-request"),
    path(f"{REQUEST}live/", change_requests.LiveChangeRequest.as_view(), name="live"),
    path(f"{REQUEST}approve/", change_requests.Approve.as_view(), name="approve"),
    path(f"{REQUEST}reject/", change_requests.Reject.as_view(), name="reject"),
    path(f"{REQUEST}withdraw/", change_requests.Withdraw.as_view(), name="withdraw"),
    path(f"{REQUEST}attest/", change_requests.Attest.as_view(), name="attest"),
]
