"""A pack of a project after some weeks: what is in it, and that it verifies."""

import json

from audit.verify import gatehouse_verify as verifier
from tests.audit.packs.ledger import looked_at, unpacked, zip_of


def test_a_pack_verifies(world, ledger, tmp_path):
    world.deployed()
    world.rejected(world.request())
    waiting = world.request()
    world.signed(waiting, "tom")
    pack = ledger.pack(world.audrey, project="payments")
    data = zip_of(pack)
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    status, said = looked_at(path, "--log-key", ledger.vkey)
    assert status == verifier.VERIFIED, said
    folder = unpacked(data, tmp_path / "pack")
    assert looked_at(folder, "--log-key", ledger.vkey)[0] == verifier.VERIFIED
    assert json.loads((folder / "scope.json").read_bytes())["project"] == "payments"
