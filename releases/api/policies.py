"""Policies and their versions, and which one is in force where."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text, Whole
from catalog.errors import InvalidInput, NotFound
from catalog.models import TokenScope as Scope
from releases.actions.activate_policy import activate_policy
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.models import Policy, PolicyActivation, PolicyVersion


class PolicySerializer(serializers.Serializer[Any]):
    """A named line of versions, shared by all projects."""

    name = serializers.CharField()
    title = serializers.CharField()
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()


class PolicyVersionSummarySerializer(serializers.Serializer[Any]):
    """A version in a list."""

    policy = serializers.CharField(source="policy.name")
    version = serializers.IntegerField(source="number")
    state = serializers.ChoiceField(PolicyVersion.State.choices)
    digest = serializers.CharField()
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    published_by = serializers.CharField(
        source="published_by.username", default=None, allow_null=True
    )
    published_at = serializers.DateTimeField(allow_null=True)


class PolicyVersionSerializer(PolicyVersionSummarySerializer):
    """A version with its document."""

    document = serializers.DictField()


class ActivationSerializer(serializers.Serializer[Any]):
    """The policy in force in an environment."""

    environment = serializers.CharField(source="environment.name")
    policy = serializers.CharField(source="policy_version.policy.name")
    version = serializers.IntegerField(source="policy_version.number")
    digest = serializers.CharField(source="policy_version.digest")
    activated_by = serializers.CharField(source="activated_by.username")
    activated_at = serializers.DateTimeField()


class NewPolicySerializer(StrictSerializer):
    """A policy to create, without versions."""

    name = Text(max_length=63)
    title = Text(max_length=100, required=False, allow_blank=True)


class WantedPolicySerializer(StrictSerializer):
    """A published version, by the policy's name and the version's number."""

    policy = Text(max_length=63)
    version = Whole(max_value=2**31 - 1)


class PolicyFilter(filters.FilterSet):
    """Which policies."""

    class Meta:
        model = Policy
        fields = ["name"]


class PolicyVersionFilter(filters.FilterSet):
    """Which versions."""

    class Meta:
        model = PolicyVersion
        fields = ["state", "digest"]


class PoliciesView(Endpoint):
    """``policies/``."""

    queryset = Policy.objects.none()
    filterset_class = PolicyFilter
    required_scope = Scope.ADMIN

    @call("policies", "List the policies", name="policies_list", answer=PolicySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Policies are shared by all projects, so everybody sees them."""
        return self.listed(Policy.objects.select_related("created_by"), PolicySerializer)

    @call(
        "policies",
        "Create a policy",
        name="policies_create",
        body=NewPolicySerializer,
        answer=PolicySerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs the portal permission ``edit_policies``."""
        policy = create_policy(**self.body(NewPolicySerializer), by=self.caller)
        return Response(PolicySerializer(policy).data, status=201)


class PolicyView(Endpoint):
    """``policies/{name}/``."""

    @call("policies", "Read a policy", name="policies_read", answer=PolicySerializer)
    def get(self, request: Request, name: str) -> Response:
        """Its documents are in its versions."""
        return Response(PolicySerializer(_policy(name)).data)


class PolicyVersionsView(Endpoint):
    """``policies/{name}/versions/``."""

    queryset = PolicyVersion.objects.none()
    filterset_class = PolicyVersionFilter
    required_scope = Scope.ADMIN

    @call(
        "policies",
        "List the versions of a policy",
        name="policy_versions_list",
        answer=PolicyVersionSummarySerializer(many=True),
    )
    def get(self, request: Request, name: str) -> Response:
        """Newest first, without their documents."""
        rows = _policy(name).versions.select_related("policy", "created_by", "published_by")
        return self.listed(rows.defer("document"), PolicyVersionSummarySerializer)

    @call(
        "policies",
        "Save a document as the draft of the next version",
        name="policy_versions_save",
        body=OpenApiTypes.OBJECT,
        answer=PolicyVersionSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, name: str) -> Response:
        """Needs ``edit_policies``. The body is the document, or ``{"document": …}``. A draft is replaced."""
        policy = _policy(name)
        version = save_policy_version(policy, document=_document(request.data), by=self.caller)
        return Response(PolicyVersionSerializer(version).data, status=201)


class PolicyVersionView(Endpoint):
    """``policies/{name}/versions/{number}/``."""

    @call(
        "policies",
        "Read a version of a policy",
        name="policy_versions_read",
        answer=PolicyVersionSerializer,
    )
    def get(self, request: Request, name: str, number: int) -> Response:
        """With its document."""
        return Response(PolicyVersionSerializer(_version(name, number)).data)


class PublishPolicyView(Endpoint):
    """``policies/{name}/versions/{number}/publish/``."""

    required_scope = Scope.ADMIN

    @call(
        "policies",
        "Publish a version",
        name="policy_versions_publish",
        answer=PolicyVersionSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Needs ``edit_policies``. It never changes again; it is in force nowhere yet."""
        version = publish_policy(_version(name, number), by=self.caller)
        return Response(PolicyVersionSerializer(version).data)


class EnvironmentPolicyView(Endpoint):
    """``projects/{slug}/environments/{name}/policy/``."""

    required_scope = Scope.ADMIN

    @call(
        "policies",
        "Read which policy is in force in an environment",
        name="environment_policy_read",
        answer=ActivationSerializer,
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """Answer 404 when none is."""
        environment = self.environment(slug, name)
        rows = PolicyActivation.objects.filter(environment=environment, ended_at=None)
        found = rows.select_related("environment", "policy_version__policy", "activated_by").first()
        if found is None:
            raise NotFound(f"No policy is in force in {slug}/{name}.")
        return Response(ActivationSerializer(found).data)

    @call(
        "policies",
        "Put a published version in force in an environment",
        name="environment_policy_activate",
        body=WantedPolicySerializer,
        answer=ActivationSerializer,
        scope=Scope.ADMIN,
    )
    def put(self, request: Request, slug: str, name: str) -> Response:
        """Needs ``activate_policy`` there. Open change requests are evaluated against it."""
        environment = self.environment(slug, name)
        wanted = self.body(WantedPolicySerializer)
        versions = PolicyVersion.objects.filter(policy__name=wanted["policy"])
        version = versions.filter(number=wanted["version"]).select_related("policy").first()
        if version is None:
            field = "version" if versions.exists() else "policy"
            raise InvalidInput.of(field, f"There is no {field} {wanted[field]!r:.80}.")
        return Response(
            ActivationSerializer(activate_policy(environment, version, by=self.caller)).data
        )


def _policy(name: str) -> Policy:
    rows = Policy.objects.filter(name=name).select_related("created_by")
    return one(rows, f"no policy {name}")


def _version(name: str, number: int) -> PolicyVersion:
    rows = PolicyVersion.objects.filter(policy__name=name, number=number)
    related = rows.select_related("policy", "created_by", "published_by")
    return one(related, f"no version {number} of a policy {name}")


def _document(body: Any) -> Any:
    """Return the document: the body, or what the body holds under that name alone."""
    if isinstance(body, dict) and list(body) == ["document"]:
        return body["document"]
    return body
