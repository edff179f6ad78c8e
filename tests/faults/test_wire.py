"""What comes over the wire and is no call: refused early, in bounded memory, and no secret is logged."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import pytest

from tests.faults.test_evidence_store import suite
from tests.journeys.caller import Caller

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
BOMB = b"""<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<testsuite name="&e;"><testcase name="&e;"/></testsuite>"""


@pytest.fixture(scope="module")
def reports(_firm):
    """Where reports about one image go."""
    return f"artifact-versions/{_firm.build('payments-api', 'wire')['id']}/evidence/"


@pytest.fixture
def untouched(house):
    """Nothing at all may be recorded during the test."""
    before = house.rows.counts()
    yield
    assert house.rows.counts() == before


def memory_of(house):
    master = psutil.Process(house.processes["web"].pid)
    return sum(each.memory_info().rss for each in [master, *master.children(recursive=True)])


def refused(answer, *statuses):
    assert answer.status_code in statuses, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:200]
    return answer.json()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "required"),
        (b"{", "line 1"),
        (b"null", ""),
        (b"[]", ""),
        (b'"text"', ""),
        (b'{"slug": NaN}', "NaN"),
        (b'{"slug": Infinity}', "Infinity"),
        (b'{"slug": "a\\u0000b", "name": "n", "risk_tier": "low"}', "NUL"),
        (b'{"slug": "a\x00b"}', ""),
        (b'{"slug": "\xff\xfe"}', "UTF-8"),
        (b'{"slug": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "deep"),
        (b'{"slug": ' + b"9" * 100_000 + b"}", "digits"),
        (b'{"slug": "a", "slug": "b"}', "twice"),
        ('{"slug": "a"}'.encode("utf-16"), "UTF-8"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_a_body_that_is_no_object_of_json_is_refused_with_a_sentence(firm, raw, said):
    answer = firm.admin.http.post(
        "projects/", content=raw, headers={"content-type": "application/json"}
    )
    assert said in refused(answer, 400)["detail"] + str(answer.json().get("errors", ""))


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "kind",
    [
        "application/xml",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ],
)
def test_a_body_of_another_type_is_415(firm, kind):
    answer = firm.admin.http.post(
        "projects/", content=b"slug=a&name=b", headers={"content-type": kind}
    )
    assert refused(answer, 415)["code"] == "unsupported_media_type"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "multipart/form-data; boundary=" + "x" * 300},
        {"content-type": "multipart/form-data"},
        {"content-type": "multipart/form-data; boundary=\xff".encode("latin-1")},
    ],
)
def test_a_multipart_body_that_is_none_is_refused(firm, reports, headers):
    answer = firm.ci.http.post(reports, content=b"--x\r\nno", headers=headers)
    refused(answer, 400, 415)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("junit", BOMB, "file"),
        ("junit", b"", "file"),
        ("junit", b"\x00" * 100, "file"),
        ("junit", b"<testsuite", "file"),
        ("junit", b"<a>" * 20_000, "file"),
        ("junit", suite(1).replace(b"ok0", b"\xff\xfe"), "file"),
        ("metrics", b'{"coverage": NaN}', "file"),
        ("metrics", b'{"coverage": 1e999}', "file"),
        ("metrics", b"[" * 50_000, "file"),
        ("metrics", b'{"a\\u0000b": 1}', "file"),
        ("nonsense", b"{}", "kind"),
        ("x" * 5000, b"{}", "kind"),
        ("junit\x00", b"{}", "kind"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_report_that_is_none_is_refused_by_field_and_not_kept(
    house, firm, reports, kind, content, field
):
    files = {path for path in house.evidence.rglob("*") if path.is_file()}
    began = time.monotonic()
    answer = firm.ci.http.post(
        reports, data={"kind": kind}, files={"file": ("report.xml", content)}
    )
    assert field in refused(answer, 400)["errors"]
    assert time.monotonic() - began < 10
    assert {path for path in house.evidence.rglob("*") if path.is_file()} == files


def multipart(size):
    """A multipart body of so many bytes that exists nowhere at once."""
    yield b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\njunit\r\n'
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n'
    for _ in range(size // MEGABYTE):
        yield b"x" * MEGABYTE
    yield b"\r\n--x--\r\n"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("how", ["with its length", "in chunks", "with a key", "as JSON"])
def test_200_megabytes_are_refused_in_bounded_memory(house, firm, reports, how):
    size = 200 * MEGABYTE
    headers = {"content-type": "multipart/form-data; boundary=x"}
    if how == "as JSON":
        headers["content-type"] = "application/json"
    if how != "in chunks":
        headers["content-length"] = str(sum(map(len, multipart(0))) + size)
    if how == "with a key":
        headers["idempotency-key"] = "huge"
    before = memory_of(house)
    answer = firm.ci.http.post(reports, content=multipart(size), headers=headers)
    problem = refused(answer, *([400, 413] if how == "in chunks" else [413]))
    assert how == "in chunks" or "no call takes more than" in problem["detail"]
    assert memory_of(house) - before < 60 * MEGABYTE
    assert firm.ci.get("projects/"), "the next call on the same connection"


@pytest.mark.usefixtures("untouched")
def test_200_megabytes_from_nobody_are_not_even_read(house, firm, reports):
    before, began = memory_of(house), time.monotonic()
    headers = {
        "content-type": "multipart/form-data; boundary=x",
        "content-length": str(sum(map(len, multipart(0))) + 200 * MEGABYTE),
    }
    try:
        answer = httpx.post(
            f"{house.url}/api/v1/{reports}", content=multipart(200 * MEGABYTE), headers=headers
        )
    except httpx.TransportError:
        pass  # it hung up on us while we were still talking
    else:
        refused(answer, 401, 413)
    assert time.monotonic() - began < 10
    assert memory_of(house) - before < 60 * MEGABYTE
    assert firm.ci.get("projects/")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "header",
    [
        "Bearer gh_" + "a" * 43,
        "Bearer " + "x" * 6000,
        "Bearer",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer gh_\x01",
    ],
)
def test_a_token_that_is_none_changes_nothing(house, header):
    answer = httpx.post(
        f"{house.url}/api/v1/projects/",
        json={"slug": "new", "name": "New", "risk_tier": "low"},
        headers={"authorization": header},
    )
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("how", ["ran out", "was revoked"])
def test_a_token_that_ended_opens_nothing(house, firm, how):
    until = datetime.now(UTC) + (timedelta(seconds=1) if how == "ran out" else timedelta(days=1))
    body = {"name": how, "scopes": ["read", "artifacts"], "expires_at": until.isoformat()}
    issued = firm.admin.post("service-accounts/ci-payments/tokens/", body)
    caller = Caller(house.url, issued["token"])
    if how == "was revoked":
        firm.admin.post(f"tokens/{issued['id']}/revoke/", status=200)
    else:
        time.sleep(1.1)
    before = house.rows.counts()
    problem = caller.post("projects/payments/artifact-versions/", {"artifact": "a"}, status=401)
    assert problem["code"] == "not_authenticated"
    assert issued["token"] not in str(problem)
    assert house.rows.counts() == before
    caller.http.close()


def test_nothing_secret_was_logged(house, firm):
    """After everything that the other tests of this file sent, and a sign-in that failed."""
    password = "correct-horse-battery-staple"
    with httpx.Client(base_url=house.url) as browser:
        page = browser.get("/accounts/login/")
        form = {"login": "priya", "password": password, "csrfmiddlewaretoken": _csrf(page.text)}
        assert browser.post("/accounts/login/", data=form).status_code == 200
    firm.admin.http.post("people/", json={"username": "paul", "password": password})
    firm.admin.http.get("projects/", params={"token": "gh_" + "q" * 43})
    told = house.log("web") + house.log("worker")
    for name, caller in firm.callers.items():
        token = caller.http.headers["authorization"].removeprefix("Bearer ")
        assert token not in told, name
    for secret in (password, "gh_" + "q" * 43, "gh_" + "a" * 43, *firm.sessions.values()):
        assert secret not in told


def _csrf(html):
    return html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
