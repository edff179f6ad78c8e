"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from models_registry.api.findings import FindingsView, ModelAliasView, SettleFindingView
from models_registry.api.models import (
    ModelsView,
    ModelVersionsView,
    ModelVersionView,
    ModelView,
)
from models_registry.api.registries import RegistriesView, RegistryView, SyncNowView
from models_registry.api.retraining import (
    ClearView,
    ModelRetrainingsView,
    RetrainingsView,
    RetrainingView,
    TriggersView,
    TriggerView,
    WithdrawView,
)
from models_registry.api.webhooks import WebhookView

PROJECT = "projects/<slug:slug>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{PROJECT}model-registries/", RegistriesView.as_view()),
    path("model-registries/<int:pk>/", RegistryView.as_view()),
    path("model-registries/<int:pk>/sync/", SyncNowView.as_view()),
    path(f"{PROJECT}models/", ModelsView.as_view()),
    path("models/<int:pk>/", ModelView.as_view()),
    path("models/<int:pk>/versions/", ModelVersionsView.as_view()),
    path("model-versions/<int:pk>/", ModelVersionView.as_view()),
    path(f"{PROJECT}model-findings/", FindingsView.as_view()),
    path("model-findings/<int:pk>/settle/", SettleFindingView.as_view()),
    path(f"{PROJECT}environments/<slug:name>/model-alias/", ModelAliasView.as_view()),
    path(f"{PROJECT}retraining-triggers/", TriggersView.as_view()),
    path("retraining-triggers/<int:pk>/", TriggerView.as_view()),
    path(f"{PROJECT}retraining-requests/", RetrainingsView.as_view()),
    path("models/<int:pk>/retraining-requests/", ModelRetrainingsView.as_view()),
    path("retraining-requests/<int:pk>/", RetrainingView.as_view()),
    path("retraining-requests/<int:pk>/withdraw/", WithdrawView.as_view()),
    path("retraining-requests/<int:pk>/clear/", ClearView.as_view()),
    path("mlflow-webhooks/<uuid:key>/", WebhookView.as_view(), name="mlflow-webhook"),
]
