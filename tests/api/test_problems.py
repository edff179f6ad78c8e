import logging

import pytest
from django.test import override_settings

from catalog.errors import DomainError, InvalidInput, Unavailable
from portal.api.errors import STATUS_OF, status_of
from portal.api.problems import every_error, problems

ME = "/api/v1/me/"
PROBLEM = "application/problem+json"


def test_every_domain_error_of_every_app_has_a_status():
    import deployments.errors  # noqa: F401, PLC0415 -- for its classes
    import releases.errors  # noqa: F401, PLC0415 -- for its classes

    found = list(every_error())
    assert len(found) > 15
    for error in found:
        ours = issubclass(error, Unavailable)
        assert status_of(error) in (range(500, 600) if ours else range(400, 500)), error


def test_an_error_that_the_table_forgot_is_noticed():
    class Forgotten(DomainError):
        """Of no kind that the table knows."""

    with pytest.raises(LookupError, match="Forgotten"):
        status_of(Forgotten)
    Forgotten.__bases__ = (InvalidInput,)  # or it would be found by the test above
    assert status_of(Forgotten) == STATUS_OF[InvalidInput]


def test_every_code_is_on_the_reference_page(nobody):
    page = nobody.get("/api/v1/docs/").content.decode()
    for code, _, meaning in problems():
        assert f'id="problem-{code}"' in page
        assert meaning, code


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere/", "/api/", "/api/v1/projects/%00/", "/api/v2/me/"]
)
def test_an_address_that_is_none_is_a_problem_document(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["code"] == "not_found"
    assert answer.json()["type"].endswith("/api/v1/docs/#problem-not_found")


def test_a_change_without_the_last_slash_is_not_redirected(api):
    answer = api.post("/api/v1/projects", {})
    assert answer.status_code == 404
    assert "end with a slash" in answer.json()["detail"]
    assert api.get("/api/v1/projects").status_code == 301


def test_a_method_that_the_address_does_not_take_is_405(api):
    answer = api.delete(ME)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"]


def test_a_body_of_another_type_is_415(api):
    answer = api.generic("POST", "/api/v1/projects/", b"<a/>", content_type="application/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_an_unknown_host_is_a_problem_document(api):
    answer = api.get(ME, headers={"Host": "evil.example.com"})
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_a_session_without_its_csrf_token_is_refused(anybody):
    from rest_framework.test import APIClient  # noqa: PLC0415 -- only here

    client = APIClient(enforce_csrf_checks=True)
    client.force_login(anybody)
    answer = client.post("/api/v1/projects/", {})
    assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM)
    assert "CSRF" in answer.json()["detail"]


def test_what_went_wrong_inside_is_told_to_the_log_only(api, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr("portal.api.me.MeView.get", broken)
    with caplog.at_level(logging.ERROR):
        answer = api.get(ME)
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert "42" not in answer.content.decode()
    assert answer.json()["code"] == "internal_error"
    assert "the secret is 42" in caplog.text


@override_settings(REST_FRAMEWORK={})
def test_pages_outside_the_api_keep_their_own_errors(nobody):
    assert nobody.get("/no-such-page/")["Content-Type"].startswith("text/html")
