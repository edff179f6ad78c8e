"""kill -9 of a process that has begun a training and not yet written it down."""

import subprocess
import sys

import pytest

from tests.models_registry.bench import fresh
from tests.support.wait import wait_for
from tests.support.worker import CHECKOUT, environment

SEE_TO = "import django; django.setup(); from models_registry import retraining as r; r.see_to({})"


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_one_training(make_bench, tokens):
    bench = make_bench("jenkins")
    bench.tool.faults = ["hang"]
    request = bench.ask()
    child = subprocess.Popen(
        [sys.executable, "-c", SEE_TO.format(request.pk)],
        cwd=CHECKOUT,
        env=environment(
            OUTGOING_ALLOWED_HOSTS="127.0.0.1",
            RETRAINING_SECRETS_DIR=str(tokens),
        ),
    )
    wait_for(lambda: bench.tool.begun, seconds=60)
    child.kill()
    child.wait()
    assert fresh(request).called_at is not None
    assert bench.work(request).state == "triggered"
    assert bench.tool.begun == [request.own_id]
