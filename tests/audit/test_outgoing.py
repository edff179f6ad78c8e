"""Gatehouse calls public addresses, and others only when the operator names them."""

import gzip
import socket
import ssl
import threading

import pytest

from audit import outgoing
from audit.outgoing import OutgoingRefused, OutgoingUnavailable, check_url, post, resolve
from tests.deployments.receiver import Receiver


@pytest.fixture
def resolves(monkeypatch):
    """Let every name resolve to these addresses, and count the look-ups."""
    asked = []
    real = socket.getaddrinfo

    def to(*addresses):
        def look_up(host, port, *args, **kwargs):
            if host[0].isdigit():  # the connection itself, by address
                return real(host, port, *args, **kwargs)
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(outgoing.socket, "getaddrinfo", look_up)
        return asked

    return to


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 -- refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:0001::",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1:7f00:0:100:808:808",
        "::ffff:0:7f00:1",
        "::7f00:1",
        "fec0::1",
        "5f00::1",
    ],
)
def test_a_name_that_leads_inside_is_refused(resolves, settings, address):
    settings.OUTGOING_ALLOWED_HOSTS = []
    resolves(address)
    with pytest.raises(OutgoingRefused, match=r"not a public address|never calls it"):
        post("https://hooks.example.com/", b"{}", {})


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:220:1::1", "64:ff9b::5db8:d70e"])
def test_a_public_address_is_called(resolves, settings, address):
    settings.OUTGOING_ALLOWED_HOSTS = []
    resolves(address)
    assert resolve("hooks.example.com", 443) == [address]


def test_a_name_with_one_inner_address_among_public_ones_is_refused(resolves, settings):
    settings.OUTGOING_ALLOWED_HOSTS = []
    resolves("93.184.215.14", "127.0.0.1")
    with pytest.raises(OutgoingRefused):
        post("https://hooks.example.com/", b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "http://hooks.example.com/",
        "https://user:pw@hooks.example.com/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://[::1/",
        "https:///path",
    ],
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(OutgoingRefused):
        check_url(url)


def test_http_is_for_hosts_that_the_operator_names(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["runner.internal"]
    assert check_url("http://RUNNER.internal:8080/x") == "runner.internal"


def test_the_connection_goes_to_the_address_that_was_checked(resolves, settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["runner.internal"]
    receiver = Receiver()
    port = receiver.server.server_address[1]
    asked = resolves("127.0.0.1")
    answer = post(f"http://runner.internal:{port}/x", b"{}", {"content-type": "application/json"})
    receiver.stop()
    assert answer.status == 202
    assert asked == ["runner.internal"]
    assert receiver.received[0][0]["host"] == f"runner.internal:{port}"


def test_a_name_that_does_not_resolve_is_no_answer(settings, monkeypatch):
    def fails(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", fails)
    with pytest.raises(OutgoingUnavailable, match="could not be resolved"):
        post("https://hooks.example.com/", b"{}", {})


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    receiver = Receiver()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert post(receiver.url, b"{}", {}).status == 202
    receiver.stop()


def test_somebody_who_does_not_answer_is_left(monkeypatch):
    monkeypatch.setattr(outgoing, "READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(OutgoingUnavailable):
            post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_somebody_who_answers_drop_by_drop_is_left_when_the_time_is_over(monkeypatch):
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.5)
    over = threading.Event()

    def drip(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.1):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        over.set()
        thread.join()
    assert answer.status == 200


def test_an_answer_is_not_unpacked():
    receiver = Receiver()
    packed = gzip.compress(b"0" * 50_000_000)
    receiver.answers = [(200, {"content-encoding": "gzip"}, packed)]
    answer = post(receiver.url, b"{}", {})
    receiver.stop()
    assert (answer.content, answer.is_whole) == (packed, True)
    assert receiver.received[0][0]["accept-encoding"] == "identity"


def test_the_certificate_is_checked_against_the_name_and_not_the_address(resolves, settings):
    """Nobody trusts a certificate of our own: the handshake is refused, which is what counts here."""
    settings.OUTGOING_ALLOWED_HOSTS = ["runner.internal"]
    resolves("127.0.0.1")
    asked_for = []

    def serve(server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = lambda sock, name, ctx: asked_for.append(name)
        connection, _ = server.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True)
            except (ssl.SSLError, OSError):
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        with pytest.raises(OutgoingUnavailable):
            post(f"https://runner.internal:{server.getsockname()[1]}/", b"{}", {})
        thread.join()
    assert asked_for == ["runner.internal"]
