"""A policy with one witness."""

import pytest

from audit.tlog.keys import SignatureType, SigningKey


@pytest.fixture
def witness_policy_of(tmp_path):
    def written(log):
        key = SigningKey.generate("witness.example.org/w1", SignatureType.ED25519_COSIGNATURE)
        file = tmp_path / "policy"
        file.write_text(
            f"log {log.key.verifier}\nwitness w1 {key.verifier} https://witness.example.org\n"
            "quorum w1\n"
        )
        return str(file)

    return written
