"""A witness with its memory in a temporary directory."""

import pytest

from audit.tlog.keys import SignatureType, SigningKey
from audit.witness.held import Held
from audit.witness.judge import Witness
from tests.audit.witness.log import Log

NAME = "witness.example.org/w1"


class Clock:
    at = 1_790_000_000

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return Log(5)


@pytest.fixture
def witness_keys():
    kinds = (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE)
    return [SigningKey.generate(NAME, kind) for kind in kinds]


@pytest.fixture
def held(tmp_path):
    with_state = Held(tmp_path / "state")
    yield with_state
    with_state.close()


@pytest.fixture
def witness(log, witness_keys, held, clock):
    return Witness(witness_keys, [log.key.verifier], held, now=clock)
