"""Between two writes a worker may sleep as long as it likes: the lease is asked about last."""

import pytest

from deployments.actions.claim import claim
from deployments.carry_out import carry_out
from deployments.executors.work import Work
from deployments.models import Deployment
from tests.deployments.ground import abandon, run


@pytest.mark.parametrize("verb", ["apply", "put_back"])
def test_a_worker_that_fell_asleep_after_it_began_a_step_does_not_touch_the_cluster(
    payments, api, monkeypatch, verb
):
    run(payments.request())
    before = api.workload().generation
    version = payments.version()
    if verb == "put_back":
        api.fault("crash_loop", digest=version.digest)
    change_request = payments.request(version)
    begin = Work.begin
    seen = []

    def begin_and_fall_asleep(work, step):
        begin(work, step)
        if step.verb == verb and not seen:
            seen.append(api.workload().generation)
            abandon(work.deployment)
            claim(change_request.number, worker="celery@awake")

    with monkeypatch.context() as patched:
        patched.setattr(Work, "begin", begin_and_fall_asleep)
        carry_out(change_request.number, worker="celery@asleep")
    assert seen == [api.workload().generation], "nothing was applied after it lost the lease"
    assert (seen[0] == before) == (verb == "apply")
    assert Deployment.objects.first().worker == "celery@awake"
