"""Connections of the ``requests`` library that lead only where Gatehouse may call.

A name is resolved once, by us, and the connection is made to the address that was checked; a second
look-up could answer something else. Proxies of the environment and ``.netrc`` are not used.
"""

from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import create_connection

from audit.outgoing import resolve

CONNECTIONS: Final = 8
"""Kept open per process and registry."""


class _Guarded(HTTPConnection):
    """Connects to the address that was checked; the name stays in the request and in TLS."""

    def _new_conn(self) -> Any:
        address = resolve(self.host, self.port)[0]
        seconds: Any = self.timeout
        return create_connection((address, self.port), seconds, socket_options=self.socket_options)


class _GuardedTLS(HTTPSConnection):
    """The same with TLS on top; the certificate is checked against the name."""

    _new_conn = _Guarded._new_conn  # noqa: SLF001 -- the same for both


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class GuardedAdapter(HTTPAdapter):
    """An adapter whose connections are guarded."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools from our connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


def guard(session: requests.Session) -> requests.Session:
    """Let the session go out guarded only."""
    session.trust_env = False
    session.adapters.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, GuardedAdapter(pool_maxsize=CONNECTIONS))
    return session
