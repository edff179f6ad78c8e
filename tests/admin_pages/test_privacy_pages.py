"""Pages and calls about personal data."""

import io
import zipfile

import pytest
from django.urls import reverse

from audit.models import Event
from audit.privacy.models import Erasure, LegalHold
from catalog.actions.erase_person import erase_person
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import User
from tests import factories

PRIVACY = "/people/-/privacy/"


@pytest.fixture
def officers(payments):
    admin = factories.admin()
    for username in ("vera", "dora"):
        set_portal_permissions(factories.person(username), permissions=["manage_privacy"], by=admin)
    return payments


def words(answer):
    return " ".join(answer.content.decode().split())


def test_one_asks_another_confirms_and_the_page_says_how_far_it_is(officers, browse):
    vera = browse("vera")
    assert "Erase personal data" in words(vera.get("/people/tom/"))
    answer = vera.post("/people/tom/erase/", {"basis": "objected"}, follow=True)
    erasure = Erasure.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("catalog:erasure", args=[erasure.pk])
    assert "It takes two" in words(answer)
    assert "Withdraw" in words(answer)
    refused = vera.post(f"{PRIVACY}erasures/{erasure.pk}/confirm/")
    assert refused.status_code == 403
    dora = browse("dora")
    confirmed = dora.post(f"{PRIVACY}erasures/{erasure.pk}/confirm/", follow=True)
    assert "Waits to be carried out" in words(confirmed)
    erase_person(erasure.pk)
    page = words(dora.get(f"{PRIVACY}erasures/{erasure.pk}/"))
    assert "commitments open nothing any more" in page
    assert "Erased, the receipt follows" in page
    early = dora.post(f"{PRIVACY}erasures/{erasure.pk}/receipt/")
    assert early.status_code == 409
    assert "Its receipt is issued when" in words(early)
    tom = User.objects.get(erased_at__isnull=False)
    assert "Personal data erased" in words(dora.get(f"/people/{tom.username}/"))
    assert tom.pseudonym in words(dora.get(PRIVACY))


def test_a_hold_is_placed_and_lifted_and_refuses_with_its_sentence(officers, browse):
    vera = browse("vera")
    placed = vera.post(
        f"{PRIVACY}holds/",
        {"kind": "subject", "about": "tom", "reason": "Matter 12/26."},
        follow=True,
    )
    assert "is erased or removed until the hold is lifted" in words(placed)
    assert "Matter 12/26." in words(placed)
    refused = vera.post("/people/tom/erase/", {"basis": "objected"})
    assert refused.status_code == 409
    assert "under a legal hold since" in words(refused)
    wrong = vera.post(
        f"{PRIVACY}holds/", {"kind": "subject", "about": "nobody", "reason": "Matter 12/26."}
    )
    assert wrong.status_code == 422
    assert "no account of that user name" in words(wrong)
    lifted = vera.post(f"{PRIVACY}holds/{LegalHold.objects.get().pk}/lift/", follow=True)
    assert "is lifted" in words(lifted)


def test_a_period_is_changed_and_the_list_says_it(officers, browse):
    vera = browse("vera")
    assert "400 days" in words(vera.get(PRIVACY))
    assert 'value="400"' in words(vera.get(f"{PRIVACY}retention/addresses/"))
    answer = vera.post(f"{PRIVACY}retention/addresses/", {"days": "90"}, follow=True)
    assert "Network addresses are kept 90 days." in words(answer)
    assert vera.post(f"{PRIVACY}retention/addresses/", {"days": "3"}).status_code == 422
    assert vera.get(f"{PRIVACY}retention/memories/").status_code == 404


def test_the_auditor_of_everything_looks_and_changes_nothing(officers, browse):
    set_portal_permissions(
        factories.person("audrey"), permissions=["view_whole_audit"], by=factories.admin()
    )
    browse("vera").post("/people/tom/erase/", {"basis": "objected"})
    audrey = browse("audrey")
    page = words(audrey.get(PRIVACY))
    assert "Erasures" in page
    assert "Place a hold" not in page
    erasure = Erasure.objects.get()
    assert "Confirm" not in words(audrey.get(f"{PRIVACY}erasures/{erasure.pk}/"))
    assert audrey.post(f"{PRIVACY}erasures/{erasure.pk}/confirm/").status_code == 403


def test_who_may_not_sees_neither_pages_nor_tab(officers, browse):
    browse("vera").post("/people/tom/erase/", {"basis": "objected"})
    olga = browse("olga")
    erasure = Erasure.objects.get()
    for address in (
        PRIVACY,
        f"{PRIVACY}erasures/{erasure.pk}/",
        f"{PRIVACY}retention/addresses/",
        "/people/sofia/erase/",
    ):
        assert olga.get(address).status_code == 403, address
    assert "Personal data" not in words(olga.get("/people/"))
    assert "Erase personal data" not in words(olga.get("/people/sofia/"))


def test_the_list_takes_the_same_queries_however_long_it_is(
    officers, browse, django_assert_max_num_queries
):
    vera = browse("vera")
    for number in range(3):
        factories.person(f"p{number}")
        vera.post(f"/people/p{number}/erase/", {"basis": "objected"})
        vera.post(
            f"{PRIVACY}holds/", {"kind": "subject", "about": f"p{number}", "reason": "Matter."}
        )
    vera.get(PRIVACY)
    with django_assert_max_num_queries(11):
        vera.get(PRIVACY)


class TestTheApi:
    def test_an_erasure_by_calls(self, officers, client):
        def call(username, method, path, body=None):
            token = factories.token(factories.person(username), ["read", "admin"])
            return getattr(client, method)(
                f"/api/v1/{path}",
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}"},
            )

        asked = call("vera", "post", "people/tom/erasure/", {"basis": "objected"})
        assert asked.status_code == 201, asked.content
        erasure = asked.json()
        assert (erasure["state"], erasure["confirmed_by"]) == ("requested", None)
        number = erasure["id"]
        own = call("vera", "post", f"privacy/erasures/{number}/confirm/")
        assert (own.status_code, own.json()["code"]) == (403, "not_permitted")
        hold = call(
            "vera", "post", "privacy/holds/", {"kind": "subject", "about": "tom", "reason": "M."}
        )
        assert hold.status_code == 201, hold.content
        held = call("dora", "post", f"privacy/erasures/{number}/confirm/")
        assert (held.status_code, held.json()["code"]) == (409, "held")
        assert call("dora", "post", f"privacy/holds/{hold.json()['id']}/lift/").status_code == 200
        assert call("dora", "post", f"privacy/erasures/{number}/confirm/").status_code == 200
        erase_person(number)
        read = call("vera", "get", f"privacy/erasures/{number}/").json()
        assert read["state"] == "erased"
        assert read["commitments_sha256"]
        early = call("vera", "get", f"privacy/erasures/{number}/receipt/")
        assert (early.status_code, early.json()["code"]) == (409, "wrong_moment")
        assert call("vera", "get", "privacy/erasures/").json()["results"][0]["id"] == number
        assert call("olga", "get", "privacy/erasures/").status_code == 403
        assert call("vera", "get", "privacy/erasures/99/").status_code == 404

    def test_periods_by_calls(self, officers, client):
        token = factories.token(factories.person("vera"), ["read", "admin"])
        headers = {"Authorization": f"Bearer {token}"}
        listed = client.get("/api/v1/privacy/retention/", headers=headers).json()["results"]
        assert {each["name"] for each in listed} >= {"addresses", "names", "packs", "evidence"}
        address = "/api/v1/privacy/retention/names/"
        for days, status in ((None, 200), (365, 200), (3, 400)):
            answer = client.put(
                address, {"days": days}, content_type="application/json", headers=headers
            )
            assert answer.status_code == status, answer.content


@pytest.mark.django_db(transaction=True)
def test_the_receipt_is_downloaded_and_that_is_an_event(client, settings, tmp_path):
    from audit.privacy.receipts import prove  # noqa: PLC0415 -- only here
    from tests.support.log import Signing, sequence  # noqa: PLC0415 -- only here

    signing = Signing(tmp_path)
    settings.LOG_ROOT = signing.root
    admin = factories.admin()
    for username in ("vera", "dora"):
        set_portal_permissions(factories.person(username), permissions=["manage_privacy"], by=admin)
    factories.person("tom")
    client.force_login(
        factories.person("vera"), backend="django.contrib.auth.backends.ModelBackend"
    )
    client.post("/people/tom/erase/", {"basis": "objected"})
    client.force_login(
        factories.person("dora"), backend="django.contrib.auth.backends.ModelBackend"
    )
    number = Erasure.objects.get().pk
    client.post(f"{PRIVACY}erasures/{number}/confirm/")
    erase_person(number)
    sequence()
    signing.sign()
    assert prove(number)
    answer = client.post(f"{PRIVACY}erasures/{number}/receipt/")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "receipt.json" in archive.namelist()
    assert Event.objects.latest("pk").type == "audit.erasure_receipt_downloaded"
