"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from deployments.api.clusters import ClustersView, ClusterView
from deployments.api.data import DataStatesView, DataUsesView
from deployments.api.deployments import AttestView, DeploymentsView, DeploymentView, ReportView
from deployments.api.environments import EnvironmentView
from deployments.api.lineage import (
    EnvironmentLineageView,
    ModelVersionLineageView,
    VersionLineageView,
)
from deployments.api.targets import BindingsView, BindingView, TargetView

ENVIRONMENT = "projects/<slug:slug>/environments/<slug:name>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(ENVIRONMENT, EnvironmentView.as_view()),
    path(f"{ENVIRONMENT}lineage/", EnvironmentLineageView.as_view()),
    path("artifact-versions/<int:pk>/lineage/", VersionLineageView.as_view()),
    path("model-versions/<int:pk>/lineage/", ModelVersionLineageView.as_view()),
    path("data/states/", DataStatesView.as_view()),
    path("data/uses/", DataUsesView.as_view()),
    path(f"{ENVIRONMENT}target/", TargetView.as_view()),
    path(f"{ENVIRONMENT}target/bindings/", BindingsView.as_view()),
    path(f"{ENVIRONMENT}target/bindings/<int:pk>/", BindingView.as_view()),
    path("clusters/", ClustersView.as_view()),
    path("clusters/<slug:name>/", ClusterView.as_view()),
    path("deployments/", DeploymentsView.as_view()),
    path("deployments/<int:pk>/", DeploymentView.as_view()),
    path("deployments/<int:pk>/attest/", AttestView.as_view()),
    path("deployments/<int:pk>/report/", ReportView.as_view()),
]
