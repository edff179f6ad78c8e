"""The disk is full, refuses, or has lost a report: said so, and nothing is half there."""

import resource

import pytest

pytestmark = pytest.mark.slow


def suite(cases, name="ok"):
    inner = "".join(f'<testcase classname="t" name="{name}{n}"/>' for n in range(cases))
    return f'<testsuite name="unit" tests="{cases}">{inner}</testsuite>'.encode()


@pytest.fixture
def about(firm):
    """Where reports about a fresh image go."""

    def path(version):
        return f"artifact-versions/{firm.build('payments-api', version)['id']}/evidence/"

    return path


@pytest.fixture
def limit_files(house):
    """The web's processes may write files of so many bytes at most: the kernel refuses the rest."""
    import psutil  # noqa: PLC0415 -- only here

    def everybody():
        master = psutil.Process(house.processes["web"].pid)
        return [master, *master.children(recursive=True)]

    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    def limit(size):
        for process in everybody():
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    yield limit
    for process in everybody():
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)


def files(house):
    return {str(path) for path in house.evidence.rglob("*") if path.is_file()}


def upload(firm, path, content, **headers):
    return firm.ci.http.post(
        path, data={"kind": "junit"}, files={"file": ("junit.xml", content)}, headers=headers
    )


@pytest.mark.parametrize(
    ("cases", "code"),
    [(1000, "evidence_not_kept"), (60_000, "no_room")],
    ids=["when it is kept", "while it arrives"],
)
def test_a_full_disk_is_507_and_leaves_nothing(house, firm, about, limit_files, cases, code):
    path, content = about(f"6.0.{cases}"), suite(cases)
    rows, kept = house.rows.counts(), files(house)
    limit_files(10_000)
    refused = upload(firm, path, content, **{"Idempotency-Key": f"full-{cases}"})
    assert (refused.status_code, refused.json()["code"]) == (507, code), refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert house.rows.counts() == rows
    assert files(house) == kept
    limit_files(resource.RLIM_INFINITY)
    again = upload(firm, path, content, **{"Idempotency-Key": f"full-{cases}"})
    assert again.status_code == 201, "the key was not used up"


def test_a_store_that_is_no_directory_refuses_and_nothing_is_recorded(house, firm, about):
    path = about("6.1.0")
    rows = house.rows.counts()
    aside = house.evidence.with_name("aside")
    house.evidence.rename(aside)
    house.evidence.write_text("in the way")
    try:
        refused = upload(firm, path, suite(5))
    finally:
        house.evidence.unlink()
        aside.rename(house.evidence)
    assert (refused.status_code, refused.json()["code"]) == (507, "evidence_not_kept")
    assert house.rows.counts() == rows
    assert upload(firm, path, suite(5)).status_code == 201


@pytest.mark.parametrize("loss", ["vanished", "other bytes"])
def test_a_report_that_the_store_lost_is_not_handed_out_as_if_nothing_were(
    house, firm, about, loss
):
    path, content = about(f"6.2.{len(loss)}"), suite(7, name=loss[:3])
    evidence = upload(firm, path, content).json()
    name = evidence["sha256"]
    file = house.evidence / name[:2] / name[2:4] / name
    raw = f"evidence/{evidence['id']}/raw/"
    assert firm.ci.http.get(raw).content == content
    file.unlink()
    if loss == "other bytes":
        file.write_bytes(content.replace(b"unit", b"tinu"))
    lost = firm.ci.http.get(raw)
    assert (lost.status_code, lost.json()["code"]) == (410, "evidence_lost")
    assert name in lost.json()["detail"]
    firm.page("priya", f"/evidence/{evidence['id']}/raw/", status=404)
    assert firm.ci.get(f"evidence/{evidence['id']}/")["facts"], "what was read of it stays"
    assert upload(firm, path, content).status_code == 201
    assert firm.ci.http.get(raw).content == content, "the same bytes came again"
