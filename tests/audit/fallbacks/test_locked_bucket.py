"""Checkpoints in a bucket with object lock, over HTTP with a store that has one."""

import itertools
import re
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from django.utils import timezone
from werkzeug.wrappers import Response

from audit import outgoing
from audit.completeness.models import Alarm
from audit.fallbacks import s3
from audit.fallbacks.hand_out import hand_out
from audit.fallbacks.locked_bucket import LockedBucket
from audit.fallbacks.port import NotKept
from tests.audit.fallbacks.s3_server import KEY_ID, REGION, SECRET, S3Server, error
from tests.audit.sealing import SealedLog
from tests.audit.streaming.log_server import Authority

NAME = "0011223344556677/00000000000000000005"
KEY = f"gatehouse/{NAME}"
CHECKOUT = Path(__file__).resolve().parents[3]
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server():
    server = S3Server()
    server.client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    yield server
    server.stop()


@pytest.fixture
def store(server, settings, tmp_path, monkeypatch):
    """The store with an empty bucket of its own, set up for Gatehouse."""
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    bucket = f"checkpoints-{next(NUMBERS)}"
    settings.CHECKPOINT_STORE = "audit.fallbacks.locked_bucket.LockedBucket"
    settings.CHECKPOINT_STORE_PLACE = f"s3://{bucket}/gatehouse"
    settings.CHECKPOINT_S3_ENDPOINT = server.endpoint
    settings.CHECKPOINT_S3_REGION = REGION
    settings.CHECKPOINT_S3_CREDENTIALS_FILE = str(credentials)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    server.bucket = bucket
    make_bucket(server, bucket, is_locked=True)
    server.seen.clear()
    yield server
    server.rules.clear()


def make_bucket(store, name, *, is_locked):
    store.client.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=is_locked,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )


def put(settings, content=b"five\n"):
    LockedBucket(settings.CHECKPOINT_STORE_PLACE).put(NAME, content)


def versions(store):
    return store.client.list_object_versions(Bucket=store.bucket).get("Versions", [])


def test_a_checkpoint_is_locked_and_read_again(store, settings):
    put(settings)
    held = store.client.get_object(Bucket=store.bucket, Key=KEY)
    assert held["Body"].read() == b"five\n"
    assert held["ObjectLockMode"] == "COMPLIANCE"
    days = (held["ObjectLockRetainUntilDate"] - timezone.now()) / timedelta(days=1)
    assert 399 < days <= 400
    assert store.methods()[:4] == ["GET", "GET", "PUT", "GET"]
    [sent] = [request for request in store.seen if request.method == "PUT"]
    assert sent.headers["If-None-Match"] == "*"
    assert {"X-Amz-Checksum-Sha256", "Content-Md5"} <= set(sent.headers.keys())
    with pytest.raises(ClientError, match="AccessDenied"):
        store.client.delete_object(
            Bucket=store.bucket, Key=KEY, VersionId=versions(store)[0]["VersionId"]
        )


def test_mode_and_days_are_the_operators(store, settings):
    settings.CHECKPOINT_S3_LOCK_MODE = "GOVERNANCE"
    settings.CHECKPOINT_S3_LOCK_DAYS = 30
    settings.CHECKPOINT_STORE_PLACE = f"s3://{store.bucket}"
    put(settings)
    held = store.client.get_object(Bucket=store.bucket, Key=NAME)
    assert held["ObjectLockMode"] == "GOVERNANCE"
    assert held["ObjectLockRetainUntilDate"] < timezone.now() + timedelta(days=31)


def test_the_same_checkpoint_again_is_nothing_new(store, settings):
    put(settings)
    put(settings)
    assert len(versions(store)) == 1


def test_another_checkpoint_of_the_same_size_is_refused_and_told(store, settings):
    put(settings)
    with pytest.raises(NotKept, match="holds another checkpoint of the same size"):
        put(settings, b"other five\n")
    assert len(versions(store)) == 1


def test_who_was_faster_with_another_checkpoint_is_told(store, settings):
    def puts_first(request):
        if request.method == "PUT":
            store.rules.clear()
            store.client.put_object(Bucket=store.bucket, Key=KEY, Body=b"faster\n")

    store.rules.append(puts_first)
    with pytest.raises(NotKept, match="holds another checkpoint of the same size"):
        put(settings)
    assert len(versions(store)) == 1


def test_a_bucket_without_object_lock_is_refused_and_gets_nothing(store, settings):
    make_bucket(store, "unlocked", is_locked=False)
    settings.CHECKPOINT_STORE_PLACE = "s3://unlocked"
    with pytest.raises(NotKept, match="has no object lock"):
        put(settings)
    assert "Contents" not in store.client.list_objects_v2(Bucket="unlocked")


def test_a_bucket_that_is_not_there_is_told(store, settings):
    settings.CHECKPOINT_STORE_PLACE = "s3://no-such-bucket"
    with pytest.raises(NotKept, match=r"The bucket no-such-bucket at 127.* does not exist"):
        put(settings)


@pytest.mark.parametrize(
    ("method", "status", "code", "sentence"),
    [
        ("GET", 403, "AccessDenied", "may not be used so by this account"),
        ("PUT", 403, "AccessDenied", "may not be used so by this account"),
        ("GET", 403, "InvalidAccessKeyId", "does not know the account"),
        ("GET", 403, "RequestTimeTooSkewed", "this machine's clock is off"),
        ("GET", 400, "ExpiredToken", "has ended"),
        ("PUT", 500, "InternalError", "answered .500 InternalError: No"),
        ("GET", 503, "SlowDown", "answered .503 SlowDown: No"),
        ("GET", 302, "Found", "302"),
    ],
)
def test_what_the_store_refuses_is_a_sentence(store, settings, method, status, code, sentence):
    store.rules.append(lambda r: error(status, code) if r.method == method else None)
    with pytest.raises(NotKept, match=sentence):
        put(settings)


def test_a_wrong_secret_is_told_without_the_secret(store, settings, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text(
        f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = another secret\n"
    )
    settings.CHECKPOINT_S3_CREDENTIALS_FILE = str(wrong)
    with pytest.raises(NotKept, match="does not believe the secret") as told:
        put(settings)
    assert "another secret" not in str(told.value)


def test_a_store_that_stumbles_once_is_asked_again(store, settings):
    def stumbles(request):
        if request.method == "PUT":
            store.rules.clear()
            return error(500, "InternalError")
        return None

    store.rules.append(stumbles)
    put(settings)
    assert store.methods().count("PUT") == 2
    assert len(versions(store)) == 1


def test_a_store_that_says_nothing_is_left_after_a_few_tries(store, settings, monkeypatch):
    monkeypatch.setattr(outgoing, "READ_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CHECKPOINT_S3_ENDPOINT = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NotKept, match="did not answer"):
            put(settings)
        silent.settimeout(0.1)
        calls = 0
        while True:
            try:
                silent.accept()[0].close()
            except TimeoutError:
                break
            calls += 1
    assert calls == s3.TRIES


def test_a_store_that_knows_no_conditions_gets_the_checkpoint_all_the_same(store, settings):
    def knows_none(request):
        return error(501, "NotImplemented") if "If-None-Match" in request.headers else None

    store.rules.append(knows_none)
    put(settings)
    assert len(versions(store)) == 1


def test_a_store_that_forgets_the_lock_is_told(store, settings):
    def forgets(request):
        for name in list(request.environ):
            if name.startswith("HTTP_X_AMZ_OBJECT_LOCK"):
                del request.environ[name]

    store.rules.append(forgets)
    with pytest.raises(NotKept, match=r"does not say that it is locked .*s3:GetObjectRetention"):
        put(settings)


def test_a_store_that_keeps_nothing_is_told(store, settings):
    store.rules.append(lambda r: Response() if r.method == "PUT" else None)
    with pytest.raises(NotKept, match="although it was just put there"):
        put(settings)


def test_a_store_inside_the_network_is_called_when_the_operator_names_it(store, settings):
    settings.OUTGOING_ALLOWED_HOSTS = []
    with pytest.raises(NotKept, match="OUTGOING_ALLOWED_HOSTS"):
        put(settings)
    assert store.seen == []


def test_a_store_whose_certificates_cannot_be_read_is_not_called(store, settings, tmp_path):
    settings.CHECKPOINT_S3_CA_FILE = str(tmp_path / "missing.pem")
    with pytest.raises(NotKept, match="holds no certificates"):
        put(settings)


def test_a_store_with_a_certificate_of_its_own_is_believed_by_its_file(store, settings, tmp_path):
    authority = Authority()
    authority.write(tmp_path / "ca.pem")
    authority.issue(tmp_path, "store", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "store.pem", tmp_path / "store.key")
    over_tls = S3Server(context)  # the same buckets
    settings.CHECKPOINT_S3_ENDPOINT = over_tls.endpoint
    with pytest.raises(NotKept, match="CERTIFICATE_VERIFY_FAILED"):
        put(settings)
    assert over_tls.seen == []
    settings.CHECKPOINT_S3_CA_FILE = str(tmp_path / "ca.pem")
    put(settings)
    over_tls.stop()
    assert len(versions(store)) == 1


@pytest.mark.parametrize(
    "place",
    ["", "bucket", "/srv/checkpoints", "s3://", "s3://B", "s3://bucket/a b", "s3://a/../x y"],
)
def test_a_place_that_is_no_bucket_is_refused(store, place):
    with pytest.raises(NotKept, match="s3://bucket/prefix"):
        LockedBucket(place)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a secret",
        "[default]\naws_access_key_id = a secret\n",
        "[other]\na secret = 1\n",
        "\ufffe[",
    ],
)
def test_a_file_without_credentials_is_told_without_its_content(store, settings, tmp_path, text):
    file = tmp_path / "no-credentials"
    file.write_bytes(text.encode("utf-16" if "\ufffe" in text else "utf-8"))
    settings.CHECKPOINT_S3_CREDENTIALS_FILE = str(file)
    with pytest.raises(NotKept, match="holds no credentials") as told:
        LockedBucket(settings.CHECKPOINT_STORE_PLACE)
    assert "a secret" not in str(told.value)


def test_credentials_that_are_nowhere_are_told(store, settings, tmp_path):
    for file, sentence in ((str(tmp_path / "none"), "cannot be read"), ("", "names no file")):
        settings.CHECKPOINT_S3_CREDENTIALS_FILE = file
        with pytest.raises(NotKept, match=sentence):
            LockedBucket(settings.CHECKPOINT_STORE_PLACE)


def test_aws_is_called_by_region_and_bucket(settings, monkeypatch, store):
    settings.CHECKPOINT_S3_ENDPOINT = ""
    asked = []

    def look_up(host, *args, **options):
        asked.append(host)
        raise OSError

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", look_up)
    with pytest.raises(NotKept, match="could not be resolved"):
        put(settings)
    assert set(asked) == {f"{store.bucket}.s3.{REGION}.amazonaws.com"}


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_keeps_nothing_is_an_alarm_until_it_does(store, settings, tmp_path):
    log = SealedLog(tmp_path / "log", settings)
    settings.CHECKPOINT_GIT_DIRECTORY = str(tmp_path / "no-repository")
    log.grow(3)
    store.rules.append(lambda _: error(500, "InternalError"))
    assert len(hand_out()) == 2  # each place is tried, and each says what is wrong
    alarms = Alarm.objects.filter(kind="unkept", lifted_at=None)
    assert sorted(alarms.values_list("about", flat=True)) == ["git", "store"]

    store.rules.clear()
    settings.CHECKPOINT_GIT_DIRECTORY = ""
    assert hand_out() == []
    assert not alarms.exists()
    [kept] = versions(store)
    assert kept["Key"].endswith("/00000000000000000003")


@pytest.mark.django_db(transaction=True)
def test_a_store_that_does_not_exist_is_told(settings, tmp_path):
    SealedLog(tmp_path / "log", settings).grow(1)
    settings.CHECKPOINT_STORE = "audit.fallbacks.nowhere.Store"
    settings.CHECKPOINT_STORE_PLACE = "somewhere"
    [trouble] = hand_out()
    assert "CHECKPOINT_STORE names no store" in trouble


def test_only_who_uses_a_bucket_loads_the_client():
    """Others would have its megabytes in every process of the web; ruff keeps botocore to the folder."""
    loads = re.compile(
        r"^\s*(?:from|import) audit\.fallbacks\.(?:s3|locked_bucket)\b", re.MULTILINE
    )
    found = [
        str(file.relative_to(CHECKOUT))
        for app in ("audit", "catalog", "deployments", "integrations", "portal", "releases")
        for file in (CHECKOUT / app).rglob("*.py")
        if loads.search(file.read_text(encoding="utf-8"))
    ]
    assert found == ["audit/fallbacks/locked_bucket.py"]
