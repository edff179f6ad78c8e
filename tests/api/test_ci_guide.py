"""The commands of docs/ci-authors.md, run as they stand there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.api_world import JUNIT
from tests.support.callers import token_for

GUIDE = Path(__file__).parents[2] / "docs" / "ci-authors.md"
STAND_INS = """
set -eu
crane() { echo sha256:1111111111111111111111111111111111111111111111111111111111111111; }
git() { printf 'Wanda Wood\\twanda@example.com\\n'; }
"""
IN_ORDER = (
    "Register what was built",
    "Upload evidence",
    "Seal the release",
    "Ask for the environment",
)


def commands(heading: str, number: int = 0) -> str:
    section = GUIDE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[number]


@pytest.mark.skipif(not shutil.which("jq"), reason="the guide's commands need jq")
@pytest.mark.django_db(transaction=True)
def test_the_guides_commands_take_a_build_to_a_verdict(world, live_server, tmp_path):
    world.policy()
    worker = world.version(artifact="payments-worker")
    (tmp_path / "report.xml").write_bytes(JUNIT)
    preamble = re.search(r"GATEHOUSE_URL=.*?\n}\n", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    scopes = ["read", "artifacts", "releases", "changes"]
    settings = {
        "GATEHOUSE_URL": live_server.url,
        "GATEHOUSE_TOKEN": token_for(world.machine.user, scopes),
        "TAG": "1.4.2",
        "COMMIT": "f" * 40,
        "LAST_RELEASE": "v1.4.1",
        "BUILD_URL": "https://ci.example.com/builds/7",
        "BUILD_ID": "7",
        "WORKER": str(worker["id"]),
    }
    script = [
        STAND_INS,
        re.sub(r"^GATEHOUSE_(URL|TOKEN)=.*\n", "", preamble.group(), flags=re.MULTILINE),
        *(commands(heading) + "\n" for heading in IN_ORDER),
        'gatehouse GET "change-requests/$CR/verdict/" > verdict.json\n',
        commands("Wait for the verdict", 1),
    ]
    done = subprocess.run(
        ["sh"],
        input="\n".join(script),
        text=True,
        cwd=tmp_path,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NO_PROXY": "*", **settings},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["decision"] == "blocked", "the other image has no tests"
    assert "/change-requests/CR-" in done.stdout
    assert '"state" : "withdrawn"' in done.stdout


def test_every_decision_and_scope_is_explained():
    from catalog.models import TokenScope  # noqa: PLC0415 -- only here
    from releases.api.verdict import DECISIONS  # noqa: PLC0415 -- only here

    guide = GUIDE.read_text(encoding="utf-8")
    for word in {*DECISIONS.values(), *TokenScope.values}:
        assert f"| `{word}` |" in guide
