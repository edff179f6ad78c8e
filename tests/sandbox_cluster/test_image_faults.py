"""Images that do not start: by declaration, by name, and how it looks."""

import pytest

from portal.sandbox_cluster import images
from portal.sandbox_cluster.errors import StatusError
from tests.sandbox_cluster.support import DIGEST, IMAGE, OTHER, deployment, waiting


def declare(bench, **body):
    return bench.cluster.faults.declare(body)


def test_an_image_that_cannot_be_pulled_waits_in_turns(bench):
    declare(bench, kind="image_pull", digest=DIGEST, message="403 Forbidden")
    bench.apply(deployment())
    seen = []
    for _ in range(60):
        bench.settle(0.05)
        reason = waiting(bench.pods[0])["reason"]
        if reason not in seen[-1:]:
            seen.append(reason)
    assert seen[:4] == ["ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull"]
    assert "403 Forbidden" in waiting(bench.pods[0])["message"]
    assert bench.pods[0]["status"]["phase"] == "Pending"
    assert any("403 Forbidden" in each["message"] for each in bench.events("Failed"))
    assert bench.events("BackOff")


def test_a_crash_loop_restarts_ever_later(bench):
    declare(bench, kind="crash_loop", repository="registry.example/shop/api", exit_code=137)
    bench.apply(deployment())
    bench.settle(8)
    (status,) = bench.pods[0]["status"]["containerStatuses"]
    assert status["restartCount"] >= 3
    assert status["lastState"]["terminated"]["exitCode"] == 137
    assert status["imageID"] == IMAGE
    assert not status["ready"]
    assert bench.pods[0]["status"]["phase"] == "Running"
    assert any(each["type"] == "Warning" for each in bench.events("BackOff"))


def test_what_never_gets_ready_runs_all_the_same(bench):
    declare(bench, kind="never_ready", repository="api")
    bench.apply(deployment())
    bench.settle(2)
    (status,) = bench.pods[0]["status"]["containerStatuses"]
    assert status["state"]["running"]
    assert not status["ready"]
    assert bench.events("Unhealthy")[0]["count"] > 1
    assert bench.condition("Available")["status"] == "False"


def test_a_wrong_digest_looks_healthy(bench):
    declare(bench, kind="wrong_digest", digest=DIGEST)
    bench.apply(deployment())
    bench.settle(1)
    (status,) = bench.pods[0]["status"]["containerStatuses"]
    assert status["ready"]
    assert status["image"] == IMAGE
    assert status["imageID"] == f"registry.example/shop/api@{images.another_digest(DIGEST)}"


@pytest.mark.parametrize("kind", ["image_pull", "crash_loop", "never_ready"])
def test_a_lifted_fault_heals(bench, kind):
    fault = declare(bench, kind=kind, digest=DIGEST)
    bench.apply(deployment())
    bench.settle(2)
    assert "availableReplicas" not in bench.deployment()["status"]
    assert bench.cluster.faults.lift(fault.id)
    bench.settle(30)
    assert bench.deployment()["status"]["availableReplicas"] == 1


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("broken-image", {"ErrImagePull", "ImagePullBackOff"}),
        ("broken-image-of-tuesday", {"ErrImagePull", "ImagePullBackOff"}),
        ("broken-crash", {"CrashLoopBackOff", None}),
        ("broken-anything", {"CrashLoopBackOff", None}),
        ("broken-ready", {None}),
    ],
)
def test_a_name_says_what_is_broken(bench, name, reasons):
    bench.apply(deployment(image=f"registry.example/shop/{name}@{OTHER}"))
    bench.settle(3)
    assert waiting(bench.pods[0]).get("reason") in reasons
    assert "availableReplicas" not in bench.deployment()["status"]


def test_only_the_last_part_of_a_repository_names_a_fault(bench):
    bench.apply(deployment(image=f"registry.example/broken-image/api@{OTHER}"))
    bench.settle(1)
    assert bench.deployment()["status"]["availableReplicas"] == 1


def test_a_declared_fault_goes_before_the_name(bench):
    declare(bench, kind="crash_loop", repository="broken-image")
    bench.apply(deployment(image="broken-image:1"))
    bench.settle(3)
    assert bench.pods[0]["status"]["containerStatuses"][0]["restartCount"]


@pytest.mark.parametrize("image", ["shop/API:1", "a b", "api@sha256:short", "api:", "-x:1"])
def test_a_reference_that_is_none_is_an_invalid_image_name(bench, image):
    bench.apply(deployment(image=image))
    bench.settle(1)
    assert waiting(bench.pods[0])["reason"] == "InvalidImageName"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"kind": "nonsense"},
        {"kind": "image_pull"},
        {"kind": "image_pull", "digest": 7},
        {"kind": "slow", "delay": -1},
        {"kind": "slow", "delay": True},
        {"kind": "hang", "until": "tomorrow"},
    ],
)
def test_a_fault_that_means_nothing_is_refused(bench, body):
    with pytest.raises(StatusError) as refusal:
        bench.cluster.faults.declare(body)
    assert refusal.value.code == 400


def test_references_are_taken_apart():
    image = images.parse("registry.example:5000/shop/api:v1")
    assert (image.repository, image.valid) == ("registry.example:5000/shop/api", True)
    assert image.id == f"registry.example:5000/shop/api@{image.digest}"
    assert images.parse("registry.example:5000/shop/api").digest != image.digest
    both = images.parse(f"shop/api:v1@{DIGEST}")
    assert (both.repository, both.digest) == ("shop/api", DIGEST)
