"""An S3 store with object lock on loopback, which checks signatures and errs as the test says."""

import threading
from io import BytesIO
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

KEY_ID, SECRET, REGION = "AKIDCHECKPOINTS", "a/secret+that%(is)s=long", "eu-central-1"


def error(status, code, message="No."):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status=status, content_type="application/xml")


class S3Server:
    """``rules`` see each request first: one that returns a response answers it."""

    def __init__(self, context=None):
        self.scheme = "https" if context else "http"
        self.rules, self.seen = [], []
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, ssl_context=context)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def endpoint(self):
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}"

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ, start):
        request = Request(environ)
        body = request.get_data()  # read once; werkzeug keeps it, and moto gets it anew
        self.seen.append(request)
        if not is_signed(request, self.scheme):
            return error(403, "SignatureDoesNotMatch")(environ, start)
        for rule in list(self.rules):
            response = rule(request)
            if response is not None:
                return response(environ, start)
        environ["wsgi.input"] = BytesIO(body)
        return self._moto(environ, start)

    def methods(self):
        return [request.method for request in self.seen]


def is_signed(request, scheme):
    """Whether what arrived is what was signed: method, address, host, headers and the body's digest."""
    fields = dict(
        part.strip().split("=", 1)
        for part in request.headers["Authorization"].partition(" ")[2].split(",")
    )
    query = request.query_string.decode()
    url = f"{scheme}://{request.headers['Host']}{quote(request.path)}{'?' + query if query else ''}"
    arrived = AWSRequest(request.method, url, data=request.get_data())
    for name in fields["SignedHeaders"].split(";"):
        arrived.headers[name] = request.headers[name]
    arrived.context["timestamp"] = request.headers["X-Amz-Date"]
    auth = S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", REGION)
    text = auth.string_to_sign(arrived, auth.canonical_request(arrived))
    return auth.signature(text, arrived) == fields["Signature"]
