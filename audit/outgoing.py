"""Call an address that a person typed in, without being sent where nobody outside may reach.

The name is resolved once, every address it has is checked, and the connection is made to the checked
address; a second look-up by the HTTP client could answer something else. Redirects are not followed,
proxies from the environment are not used, time and size are bounded.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_SECONDS = 20.0
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; only its beginning is ever shown."""

_PLAIN: Final = {"Accept-Encoding": "identity"}
"""What is packed may be a thousand times as large as what was received."""
_USUAL_PORTS: Final = {"http": 80, "https": 443}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CARRIERS: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
"""RFC 6052, 2765, 4291: IPv6 addresses that end with the IPv4 address they lead to, any of them."""
_LOCAL_TRANSLATION: Final = ipaddress.ip_network("64:ff9b:1::/48")
"""RFC 8215: where in them the IPv4 address stands is the network's own business."""
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
        ),
    )
)
"""Where clouds tell a machine its own credentials, beside the link-local range."""


class OutgoingError(Exception):
    """The call came to nothing; ``sentence`` says why, for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class OutgoingUnavailable(OutgoingError):
    """No answer. Trying again may help."""


class OutgoingUnreached(OutgoingUnavailable):
    """There was not even a connection, so nothing was sent."""


class OutgoingRefused(OutgoingError):
    """We do not call this address. Trying again cannot help."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content: bytes
    """The first bytes of the body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in small letters, as they came."""
    is_whole: bool = True
    """Whether ``content`` is all of the body."""

    @property
    def retry_after(self) -> str:
        """The header of that name; empty when there is none."""
        return self.headers.get("retry-after", "")

    @property
    def text(self) -> str:
        """The same as characters."""
        return self.content.decode("utf-8", "replace")


@dataclass(frozen=True)
class _Place:
    url: SplitResult
    host: str
    port: int
    address: str


def is_allowed(host: str) -> bool:
    """Return whether the operator allows this host wherever it leads, inside the network too."""
    return host.lower() in {allowed.lower() for allowed in settings.OUTGOING_ALLOWED_HOSTS}


def check_url(url: str) -> str:
    """Return the host of an address that may be called, without looking it up.

    Raises:
        OutgoingRefused: the address is not plain ``https://host[:port]/path``; ``http`` is for hosts
            that the operator allows.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutgoingRefused("This is not an address: use https://host/path.") from None
    if parts.username or parts.password or parts.fragment or not host or port == 0:
        raise OutgoingRefused("Use https://host/path, without a user, a password or a fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_allowed(host)):
        raise OutgoingRefused(
            f"Gatehouse calls https addresses only; {host} may be called by http when the operator "
            "names it in OUTGOING_ALLOWED_HOSTS."
        )
    return host


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send the body and return the answer, whatever its status.

    Raises:
        OutgoingRefused: the address may not be called.
        OutgoingUnavailable: it cannot be reached or does not answer in time.
    """
    return send("POST", url, body, headers)


def send(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    ca_file: str = "",
    largest: int = LARGEST_ANSWER,
) -> Answer:
    """Make a call of any method and return the answer, whatever its status.

    Args:
        method: of HTTP, in capitals.
        url: what ``check_url`` allows.
        body: empty when there is none.
        headers: beside ``Host``, which follows from the address.
        ca_file: certificates (PEM) under which the other side is believed; those of the system when empty.
        largest: bytes of the answer that are read.

    Raises:
        OutgoingRefused: the address may not be called.
        OutgoingUnreached: there was no connection, so nothing was sent.
        OutgoingUnavailable: it cannot be reached or does not answer in time; or the certificates cannot
            be read.
    """
    place = _look_up(url)
    deadline = time.monotonic() + WHOLE_SECONDS
    address = f"[{place.address}]" if ":" in place.address else place.address
    checked = place.url._replace(netloc=f"{address}:{place.port}").geturl()
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    believed = _believed(ca_file)
    try:
        with (
            httpx.Client(
                timeout=timeout, trust_env=False, follow_redirects=False, verify=believed
            ) as client,
            client.stream(
                method,
                checked,
                content=body,
                headers={**_PLAIN, **headers, "Host": _host_header(place)},
                extensions={"sni_hostname": place.host},
            ) as response,
        ):
            said = dict(response.headers)
            content, is_whole = _beginning(response, largest, deadline)
            return Answer(response.status_code, content, said, is_whole)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise OutgoingUnreached(_no_answer(place, error)) from error
    except httpx.HTTPError as error:
        raise OutgoingUnavailable(_no_answer(place, error)) from error


def _no_answer(place: _Place, error: httpx.HTTPError) -> str:
    return f"{place.host} did not answer: {str(error) or type(error).__name__}."


def _believed(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # of which SSLError is one
        raise OutgoingUnavailable(f"{ca_file} holds no certificates: {error}.") from error


def _host_header(place: _Place) -> str:
    """Return the host as a signature over it has it: in small letters, with an unusual port only."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == _USUAL_PORTS[place.url.scheme] else f"{host}:{place.port}"


def _look_up(url: str) -> _Place:
    host = check_url(url)
    parts = urlsplit(url)
    port = parts.port or _USUAL_PORTS[parts.scheme]
    return _Place(parts, host, port, resolve(host, port)[0])


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, when each of them may be called.

    Raises:
        OutgoingRefused: one leads inside although the operator does not allow the host, or to where a
            cloud keeps a machine's credentials, which nobody can allow.
        OutgoingUnavailable: the name has no address now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutgoingUnreached(f"The name {host} could not be resolved.") from error
    addresses = [str(each[4][0]) for each in found]
    refuse_metadata(host, addresses)
    if not is_allowed(host):
        _refuse_inner(host, addresses)
    return addresses


def refuse_metadata(host: str, addresses: list[str]) -> None:
    """Refuse a host that leads to a machine's own metadata.

    Raises:
        OutgoingRefused: one of the addresses is link-local or a cloud's metadata service.
    """
    for address in addresses:
        known = _carried(ipaddress.ip_address(address.partition("%")[0]))
        if known.is_link_local or known in _METADATA:
            raise OutgoingRefused(
                f"{host} leads to {address}, where machines keep their own metadata and credentials. "
                "Gatehouse never calls it."
            )


def _refuse_inner(host: str, addresses: list[str]) -> None:
    """Refuse a name if any of its addresses leads inside: loopback, private, link-local, metadata."""
    for address in addresses:
        known = ipaddress.ip_address(address.partition("%")[0])
        if not _is_public(known) or not _is_public(_carried(known)):
            raise OutgoingRefused(
                f"{host} leads to {address}, which is not a public address. Gatehouse calls it when "
                "the operator names the host in OUTGOING_ALLOWED_HOSTS."
            )


def _is_public(address: Address) -> bool:
    """Return whether it is nobody's inner address; what is reserved leads who knows where."""
    is_odd = (
        address.is_multicast
        or address in _LOCAL_TRANSLATION
        or (address.is_reserved and not _carries(address))
    )
    return address.is_global and not is_odd and not getattr(address, "is_site_local", False)


def _carries(address: Address) -> bool:
    return any(address in network for network in _CARRIERS)


def _carried(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for or is translated to, else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if _carries(address):
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def _beginning(response: httpx.Response, largest: int, deadline: float) -> tuple[bytes, bool]:
    """Return the body as far as it is wanted, and whether that is all of it; as it came, never unpacked."""
    read = b""
    for chunk in response.iter_raw():
        read += chunk
        if len(read) > largest or time.monotonic() > deadline:
            return read[:largest], False
    return read, True
