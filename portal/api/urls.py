"""The schema, its docs page, and who am I."""

from django.urls import URLPattern, URLResolver, path

from portal.api import reference
from portal.api.comparisons import ChangeRequestComparisonsView
from portal.api.me import MeView
from portal.api.moment import MomentView

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", reference.schema, name="api-schema"),
    path("docs/", reference.docs, name="api-docs"),
    path(
        "change-requests/<api_number:number>/comparisons/",
        ChangeRequestComparisonsView.as_view(),
    ),
    path("me/", MeView.as_view(), name="api-me"),
    path("projects/<slug:slug>/environments/<slug:name>/at/", MomentView.as_view()),
]
