"""How an environment is reached is set by the project's administrators and signed by approvers."""

import pytest

from audit.models import Event
from catalog.errors import AlreadyExists, InvalidInput, NotFound, NotPermitted
from deployments.actions.add_binding import BindingSpec, add_binding
from deployments.actions.create_cluster import create_cluster
from deployments.actions.remove_binding import remove_binding
from deployments.actions.set_target import TargetSpec, set_target
from deployments.errors import BeingCarriedOut, TargetRefused
from deployments.models import Cluster, Target
from deployments.statement import target_of
from releases.canonical import canonical_bytes
from releases.tasks import reevaluate_environment
from tests import factories
from tests.deployments.ground import Ground, run

ADDRESS = "http://127.0.0.1:1"


@pytest.fixture
def cluster(ground):
    return ground.cluster(ADDRESS)


def field_of(caught) -> set[str]:
    return set(caught.value.fields)


# ── clusters ─────────────────────────────────────────────────────────────────────────────────────


def test_only_an_administrator_of_the_portal_adds_a_cluster(ground):
    with pytest.raises(NotPermitted):
        create_cluster("mine", server=ADDRESS, by=ground.oskar)
    assert create_cluster("mine", server=ADDRESS, by=factories.admin()).name == "mine"


def test_a_clusters_name_is_taken_once(cluster):
    with pytest.raises(AlreadyExists):
        create_cluster("sandbox", by=factories.admin())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Not A Name"),
        ("name", ""),
        ("server", "no address"),
        ("credentials", "../../etc/passwd"),
        ("credentials", "/etc/passwd"),
        ("credentials", "a\x00b"),
    ],
)
def test_a_cluster_with_nonsense_is_refused_by_field(db, field, value):
    with pytest.raises(InvalidInput) as caught:
        create_cluster(**{"name": "mine", "by": factories.admin(), field: value})
    assert field_of(caught) == {field}
    assert not Cluster.objects.exists()


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


def test_setting_a_target_counts_its_revision_and_leaves_an_event(ground, cluster):
    first = ground.reached_by("manual")
    second = ground.on_cluster(ADDRESS)
    assert (first.revision, second.revision) == (1, 2)
    assert Target.objects.count() == 1
    events = Event.objects.filter(type="deployments.target_set", stream=ground.staging.audit_stream)
    assert [e.facts["data"]["what"] for e in events.order_by("stream_seq")] == [
        "by hand",
        "namespace payments of the cluster sandbox",
    ]


@pytest.mark.parametrize("username", ["priya", "tom", "vera", "olga"])
def test_who_may_not_manage_the_project_sets_no_target(ground, username):
    with pytest.raises(NotPermitted):
        set_target(ground.staging, TargetSpec(executor="manual"), by=factories.person(username))


@pytest.mark.parametrize(
    ("field", "spec"),
    [
        ("executor", {"executor": "magic"}),
        ("executor", {"executor": ""}),
        ("cluster", {"executor": "kubernetes", "namespace": "payments"}),
        ("namespace", {"executor": "kubernetes", "namespace": "No Name"}),
        ("namespace", {"executor": "kubernetes", "namespace": ""}),
        ("namespace", {"executor": "kubernetes", "namespace": "kube-system"}),
        ("webhook_url", {"executor": "webhook", "webhook_secret": "payments"}),
        (
            "webhook_url",
            {
                "executor": "webhook",
                "webhook_secret": "payments",
                "webhook_url": "http://example.com/x",
            },
        ),
        (
            "webhook_secret",
            {"executor": "webhook", "webhook_url": "https://example.com/x", "webhook_secret": ""},
        ),
        (
            "webhook_secret",
            {
                "executor": "webhook",
                "webhook_url": "https://example.com/x",
                "webhook_secret": "credit-scoring",
            },
        ),
        ("timeout_seconds", {"executor": "manual", "timeout_seconds": 1}),
        ("timeout_seconds", {"executor": "manual", "timeout_seconds": -1}),
        ("timeout_seconds", {"executor": "manual", "timeout_seconds": "soon"}),
        ("timeout_seconds", {"executor": "manual", "timeout_seconds": 10**9}),
        ("timeout_seconds", {"executor": "kubernetes", "timeout_seconds": 86_400}),
    ],
)
def test_a_target_with_nonsense_is_refused_by_field(ground, cluster, field, spec):
    if spec["executor"] == "kubernetes" and field != "cluster":
        spec = {"cluster": cluster, "namespace": "payments", **spec}
    with pytest.raises(InvalidInput) as caught:
        set_target(ground.staging, TargetSpec(**spec), by=ground.oskar)
    assert field_of(caught) == {field}
    assert not Target.objects.exists()


def test_the_namespace_of_another_project_is_refused(ground, cluster):
    ground.on_cluster(ADDRESS)
    other = factories.project("credit-scoring")
    spec = TargetSpec(executor="kubernetes", cluster=cluster, namespace="payments")
    with pytest.raises(TargetRefused, match="another project's"):
        set_target(other.environments.first(), spec, by=factories.admin())


def test_two_environments_of_one_project_may_share_a_namespace(ground, cluster):
    ground.on_cluster(ADDRESS)
    assert ground.on_cluster(ADDRESS, ground.production)


def test_a_target_keeps_nothing_that_its_executor_does_not_use(ground, cluster):
    ground.on_cluster(ADDRESS)
    target = ground.reached_by("manual", cluster=cluster, namespace="payments", webhook_url="x")
    assert (target.cluster, target.namespace, target.webhook_url) == (None, "", "")


def test_a_target_does_not_change_under_a_deployment(ground):
    ground.reached_by("manual")
    change_request = ground.request()
    run(change_request)
    with pytest.raises(BeingCarriedOut, match=change_request.label):
        ground.reached_by("manual", timeout_seconds=900)
    with pytest.raises(BeingCarriedOut):
        ground.bind()


# ── bindings ─────────────────────────────────────────────────────────────────────────────────────


def test_binding_and_unbinding_count_the_revision_and_leave_events(ground, cluster):
    ground.on_cluster(ADDRESS)
    binding = ground.bind()
    assert Target.objects.get().revision == 2
    remove_binding(ground.staging, binding.pk, by=ground.oskar)
    assert Target.objects.get().revision == 3
    stream = Event.objects.filter(stream=ground.staging.audit_stream).order_by("stream_seq")
    types = [event.type for event in stream]
    assert types[-2:] == ["deployments.binding_added", "deployments.binding_removed"]


def test_a_container_runs_one_artifact(ground, cluster):
    ground.on_cluster(ADDRESS)
    ground.bind()
    with pytest.raises(AlreadyExists):
        ground.bind("payments-web")


def test_one_artifact_may_run_in_several_containers(ground, cluster):
    ground.on_cluster(ADDRESS)
    ground.bind(workload="api")
    ground.bind(workload="worker")
    assert Target.objects.get().bindings.count() == 2


def test_only_images_are_bound(ground, cluster):
    ground.on_cluster(ADDRESS)
    model = ground.version("fraud-model", kind="model").artifact
    with pytest.raises(TargetRefused, match="runs an image"):
        add_binding(
            ground.staging, model, BindingSpec(workload="api", container="app"), by=ground.oskar
        )


def test_a_service_serves_a_model_and_nothing_else(ground, cluster):
    ground.on_cluster(ADDRESS)
    image = ground.version().artifact
    spec = BindingSpec(workload="fraud", workload_kind="InferenceService")
    with pytest.raises(TargetRefused, match="an InferenceService serves a model"):
        add_binding(ground.staging, image, spec, by=ground.oskar)
    ground.bind_model()
    with pytest.raises(AlreadyExists):
        ground.bind_model("other-model")


def test_two_workloads_of_one_name_are_refused(ground, cluster):
    ground.on_cluster(ADDRESS)
    ground.bind(workload="fraud")
    with pytest.raises(TargetRefused, match="another kind is called fraud"):
        ground.bind_model(workload="fraud")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workload", "x" * 41),
        ("workload", "1-fraud"),
        ("workload", "fraud.model"),
        ("serving_mode", "ModelMesh"),
        ("serving_mode", ["Standard"]),
        ("model_format", "Not A Format"),
        ("runtime", "under_score"),
        ("replicas", -1),
        ("canary_percents", [0]),
        ("canary_percents", [100]),
        ("canary_percents", [50, 10]),
        ("canary_percents", [10, 10]),
        ("canary_percents", ["10"]),
        ("canary_percents", [True]),
        ("canary_percents", list(range(1, 12))),
        ("canary_hold_seconds", -1),
        ("canary_hold_seconds", "long"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_binding_of_a_model_with_nonsense_is_refused_by_field(ground, cluster, field, value):
    ground.on_cluster(ADDRESS)
    with pytest.raises(InvalidInput) as caught:
        ground.bind_model(**{field: value})
    assert field_of(caught) == {field}


def test_a_canary_that_takes_longer_than_an_attempt_may_is_refused(ground, cluster):
    ground.on_cluster(ADDRESS, timeout_seconds=100)
    with pytest.raises(TargetRefused, match="held for 120 seconds") as caught:
        ground.bind_model(canary_percents=[10, 50], canary_hold_seconds=60)
    assert field_of(caught) == {"canary_hold_seconds"}


def test_how_a_model_takes_over_is_part_of_what_approvers_sign(ground, cluster):
    ground.on_cluster(ADDRESS)
    ground.bind_model(canary_percents=[10, 50], canary_hold_seconds=30, runtime="kserve-mlserver")
    (signed,) = target_of(ground.staging)["bindings"]
    assert signed == {
        "artifact": "fraud-model",
        "kind": "InferenceService",
        "workload": "fraud",
        "replicas": None,
        "adopt": False,
        "model_format": "sklearn",
        "runtime": "kserve-mlserver",
        "serving_mode": "Standard",
        "canary_percents": [10, 50],
        "canary_hold_seconds": 30,
    }
    assert canonical_bytes(signed)


def test_another_projects_artifact_is_refused(ground, cluster):
    ground.on_cluster(ADDRESS)
    theirs = factories.version(factories.project("credit-scoring"), "api").artifact
    with pytest.raises(TargetRefused, match="no such artifact"):
        add_binding(
            ground.staging, theirs, BindingSpec(workload="api", container="app"), by=ground.oskar
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workload", "Not A Name"),
        ("workload", ""),
        ("workload", "x" * 64),
        ("container", "under_score"),
        ("container", ""),
        ("workload_kind", "CronJob"),
        ("workload_kind", ["Deployment"]),
        ("replicas", -1),
        ("replicas", 10_000),
        ("replicas", "three"),
        ("replicas", True),
    ],
)
def test_a_binding_with_nonsense_is_refused_by_field(ground, cluster, field, value):
    ground.on_cluster(ADDRESS)
    with pytest.raises(InvalidInput) as caught:
        ground.bind(**{field: value})
    assert field_of(caught) == {field}


def test_nothing_is_bound_without_a_target(ground):
    with pytest.raises(TargetRefused, match="no target yet"):
        ground.bind()


def test_who_may_not_manage_the_project_binds_nothing(ground, cluster):
    ground.on_cluster(ADDRESS)
    binding = ground.bind()
    tom = factories.person("tom")
    with pytest.raises(NotPermitted):
        remove_binding(ground.staging, binding.pk, by=tom)
    spec = BindingSpec(workload="web", container="app")
    with pytest.raises(NotPermitted):
        add_binding(ground.staging, binding.artifact, spec, by=tom)


def test_another_environments_binding_is_not_found(ground, cluster):
    ground.on_cluster(ADDRESS)
    ground.on_cluster(ADDRESS, ground.production)
    binding = ground.bind(environment=ground.production)
    with pytest.raises(NotFound):
        remove_binding(ground.staging, binding.pk, by=ground.oskar)


# ── what approvers sign ──────────────────────────────────────────────────────────────────────────


def test_every_way_to_reach_an_environment_has_its_canonical_document(ground, cluster):
    seen = [target_of(ground.staging)]
    ground.reached_by("manual")
    seen.append(target_of(ground.staging))
    ground.reached_by(
        "webhook", webhook_url="https://example.com/x", webhook_secret="payments.deploy"
    )
    seen.append(target_of(ground.staging))
    ground.on_cluster(ADDRESS)
    seen.append(target_of(ground.staging))
    ground.bind(replicas=3)
    seen.append(target_of(ground.staging))
    assert [each["executor"] for each in seen] == [
        "none",
        "manual",
        "webhook",
        "kubernetes",
        "kubernetes",
    ]
    assert len({canonical_bytes(each) for each in seen}) == len(seen)
    assert seen[-1]["bindings"] == [
        {
            "artifact": "payments-api",
            "kind": "Deployment",
            "workload": "api",
            "container": "app",
            "replicas": 3,
            "adopt": False,
        }
    ]


def test_a_changed_target_has_open_requests_evaluated_again(
    ground, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr("catalog.nudges._send", lambda *task: told.append(task[:2]))
    with django_capture_on_commit_callbacks(execute=True):
        ground.reached_by("manual")
    assert told == [("releases.reevaluate_environment", ground.staging.pk)]


def test_a_changed_target_voids_what_was_signed(shared_ground: Ground):
    shared_ground.reached_by("manual")
    change_request = shared_ground.request()
    signed = change_request.statement.digest
    shared_ground.reached_by("manual", timeout_seconds=900)
    reevaluate_environment(shared_ground.staging.pk)
    change_request.refresh_from_db()
    assert change_request.statement.digest != signed
