"""Addresses like ours."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from benchmarks.baseline import views

router = DefaultRouter()
router.register("change-requests", views.FlatViewSet)
router.register("builds", views.BuildViewSet)

urlpatterns = [
    path("livez", views.bare),
    path("bare/", views.bare),
    path("api/v1/", include(router.urls)),
    path("change-requests/", views.page_of_list, name="change-requests"),
    path("change-requests/<int:number>/", views.page_of_one, name="change-request"),
]
