"""A witness over HTTP. TLS is a proxy's work."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from audit.witness.judge import Reply, Witness
from audit.witness.submission import PATH

LARGEST_REQUEST: Final = 512 * 1024
"""Bytes: 63 hashes and a hundred signatures of 2,420 bytes, in base64."""
IDLE_SECONDS: Final = 30


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; a thread for each connection."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, *, quiet: bool = False) -> None:
        """Listen there; port 0 takes a free one, which ``server_address`` then says.

        Args:
            quiet: tell the log of refusals only.
        """
        super().__init__(address, _Handler)
        self.witness = witness
        self.quiet = quiet


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "gatehouse-witness", ""
    timeout = IDLE_SECONDS

    def do_POST(self) -> None:
        if self.path != PATH:
            self._not_found()
            return
        body = self._body()
        if body is None:
            return
        try:
            reply = self.server.witness.add_checkpoint(body)
        except (OSError, RuntimeError) as error:
            self.log_error("%s", error)
            reply = Reply(
                HTTPStatus.INTERNAL_SERVER_ERROR, "I cannot keep my state; nothing was cosigned.\n"
            )
        self._send(reply)

    def do_GET(self) -> None:
        if self.path == "/livez":
            self._send(Reply(HTTPStatus.OK, "ok\n"))
        elif self.path == "/":
            self._send(Reply(HTTPStatus.OK, self._about()))
        else:
            self._not_found()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if code != HTTPStatus.OK or not self.server.quiet:
            super().log_request(code, size)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            self._send(Reply(HTTPStatus.LENGTH_REQUIRED, "Say the length of the body.\n"))
            return None
        if int(length) > LARGEST_REQUEST:
            self.close_connection = True  # what follows is not read
            text = f"No checkpoint takes more than {LARGEST_REQUEST} bytes.\n"
            self._send(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text))
            return None
        return self.rfile.read(int(length))

    def _about(self) -> str:
        """Return its keys, and what it holds: whoever doubts a log compares with this."""
        witness = self.server.witness
        parts = ["A witness of transparency logs (c2sp.org/tlog-witness). My keys:\n"]
        parts += [f"{key}\n" for key in witness.keys]
        parts += [f"\n{checkpoint.decode()}" for checkpoint in witness.held_checkpoints()]
        return "".join(parts)

    def _not_found(self) -> None:
        self.close_connection = True
        text = f"POST {PATH} gets a cosignature; GET / says what I hold.\n"
        self._send(Reply(HTTPStatus.NOT_FOUND, text))

    def _send(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
