"""What docs/audit-log.md says one can do by hand."""

import re
import subprocess
from pathlib import Path

import pytest

from audit.models import Leaf
from tests.support.log import sequence, write

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "audit-log.md").read_text()
BY_HAND = next(
    block for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) if "vkey" in block
)


def by_hand(directory):
    done = subprocess.run(
        ["sh", "-c", BY_HAND], cwd=directory, capture_output=True, text=True, check=False
    )
    return done.stdout.split("\n")


@pytest.mark.parametrize("more", [0, 300])
def test_checkpoint_and_first_entry_verify_with_openssl_and_sha256sum(signed, more):
    if more:
        write(times=more)
        sequence()
        signed.sign()
    verdict, computed, in_the_tile, _ = by_hand(signed.root)
    assert verdict == "Signature Verified Successfully"
    assert computed == in_the_tile == bytes(Leaf.objects.get(idx=0).leaf_hash).hex()
    bent = signed.files.checkpoint().replace(b"gatehouse\n", b"gatehous3\n", 1)
    (signed.root / "checkpoint").write_bytes(bent)
    assert by_hand(signed.root)[0] != verdict


def test_every_command_and_setting_that_is_named_exists():
    for command in set(re.findall(r"manage\.py (\w+)", TEXT)):
        assert list(Path().glob(f"*/management/commands/{command}.py")), command
    for module in set(re.findall(r"python -m (audit\.\w+)", TEXT)):
        assert Path(module.replace(".", "/"), "__main__.py").exists(), module
