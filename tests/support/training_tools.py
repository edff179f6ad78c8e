"""Stand-ins for the tools that begin a training, held to the interfaces that they document.

Each is a real HTTP server on loopback in threads of its own. ``faults`` are used up by the calls that begin
something: ``500`` and ``html`` answer instead of doing it, ``lost`` does it and breaks the connection off,
``500-after`` does it and answers 500, ``hang`` does it and never answers.
"""

import base64
import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

PAGE = "<!DOCTYPE html><html><title>Sign in</title><body>Sign in</body></html>"
NOW = datetime.now


def stamp(moment=None):
    return (moment or NOW(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tool:
    """``url`` is the server's; ``begun`` what was begun, in order; ``calls`` are (method, path)."""

    path = "/"
    secret = "s3cret"

    def __init__(self):
        self.begun, self.calls, self.faults = [], [], []
        self.released = threading.Event()
        self.next = 41
        tool = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                tool.handle(self)

            def do_POST(self):
                tool.handle(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def address(self):
        return f"{self.url}{self.path}"

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def handle(self, http):
        parts = urlsplit(http.path)
        length = int(http.headers.get("content-length") or 0)
        body = http.rfile.read(length)
        self.calls.append((http.command, parts.path))
        headers = {key.lower(): value for key, value in http.headers.items()}
        fault = ""
        if self.begins(http.command, parts.path) and self.faults:
            fault = self.faults.pop(0)
        if fault in {"500", "html", "redirect", "429"}:
            answer = {
                "500": (500, {"message": "boom"}),
                "html": (200, PAGE),
                "redirect": (302, "", {"location": "http://169.254.169.254/latest/"}),
                "429": (429, {"message": "slow down"}),
            }[fault]
        else:
            asked = dict(parse_qsl(parts.query))
            answer = self.answer(http.command, parts.path, asked, headers, body)
        if fault == "500-after":
            answer = (500, {"message": "boom"})
        if fault == "hang":
            self.released.wait(60)
        if fault in {"lost", "hang"}:
            http.close_connection = True
            return
        self.send(http, *answer)

    def send(self, http, status, body="", more=None):
        is_page = isinstance(body, str)
        content = (body if is_page else json.dumps(body)).encode()
        http.send_response(status)
        kind = "text/html;charset=utf-8" if is_page else "application/json"
        sent = {"content-type": kind, "content-length": str(len(content)), **(more or {})}
        for name, value in sent.items():
            http.send_header(name, value)
        http.end_headers()
        http.wfile.write(content)

    def number(self):
        self.next += 1
        return self.next

    def begins(self, method, path):
        return method == "POST"


def basic(pair):
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class Airflow(Tool):
    """``version`` 3 serves /api/v2 and gives tokens, 2 serves /api/v1 and takes user and password."""

    secret = "robot:pass"

    def __init__(self, version=3):
        super().__init__()
        self.version = version
        self.path = f"/api/v{version - 1}/dags/train_credit"
        self.runs = {}

    def begins(self, method, path):
        return method == "POST" and path.endswith("/dagRuns")

    def state(self, state):
        for run in self.runs.values():
            run["state"] = state

    def answer(self, method, path, asked, headers, body):
        if path == "/auth/token" and self.version == 3:
            good = json.loads(body) == {"username": "robot", "password": "pass"}
            given = (201, {"access_token": "jwt-1"})
            return given if good else (401, {"detail": "Invalid credentials"})
        expected = "Bearer jwt-1" if self.version == 3 else basic(self.secret)
        if headers.get("authorization") != expected:
            return 401, {"detail": "Unauthorized"}
        if not path.startswith(f"/api/v{self.version - 1}/"):
            return 404, {"error": "/api/v1 has been removed in Airflow 3"}
        if not path.startswith(self.path):
            return 404, {"detail": "DAG with dag_id: 'other' not found"}
        if method == "POST":
            return self.make(json.loads(body))
        run = self.runs.get(path.rpartition("/")[2])
        return (200, run) if run else (404, {"detail": "The DagRun was not found"})

    def make(self, asked):
        known = {"dag_run_id", "conf"} | ({"logical_date"} if self.version == 3 else set())
        if self.version == 3 and "logical_date" not in asked:
            missing = {"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}
            return 422, {"detail": [missing]}
        if asked.keys() - known:
            return 422, {"detail": [{"msg": "Extra inputs are not permitted"}]}
        if asked["dag_run_id"] in self.runs:
            return 409, {"detail": {"reason": "Unique constraint violation"}}
        run = {"dag_run_id": asked["dag_run_id"], "conf": asked["conf"], "state": "queued"}
        self.runs[asked["dag_run_id"]] = run
        self.begun.append(asked["conf"]["gatehouse_retraining_request"])
        return 200, run


class GitHub(Tool):
    """``run_name`` holds the input with the request's id; ``names_runs`` is false on older servers."""

    path = "/repos/acme/credit/actions/workflows/train.yml"

    def __init__(self):
        super().__init__()
        self.run_name, self.names_runs = True, True
        self.knows_details = True
        self.inputs = {"gatehouse_retraining_request", "gatehouse_model", "data"}
        self.runs = []

    def answer(self, method, path, asked, headers, body):
        if headers.get("authorization") != f"Bearer {self.secret}":
            return 401, {"message": "Bad credentials", "status": "401"}
        if path == f"{self.path}/dispatches" and method == "POST":
            return self.dispatch(json.loads(body))
        if path == f"{self.path}/runs":
            since = asked["created"].removeprefix(">=")
            runs = [
                run
                for run in self.runs
                if run["event"] == asked["event"] and run["created_at"] >= since
            ]
            shown = list(reversed(runs))[: int(asked["per_page"])]
            return 200, {"total_count": len(runs), "workflow_runs": shown}
        if path.startswith("/repos/acme/credit/actions/runs/"):
            number = path.rpartition("/")[2]
            found = [run for run in self.runs if str(run["id"]) == number]
            return (200, found[0]) if found else (404, {"message": "Not Found"})
        return 404, {"message": "Not Found", "status": "404"}

    def dispatch(self, asked):
        if "return_run_details" in asked and not self.knows_details:
            return 422, {
                "message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'
            }
        if asked["ref"] != "main":
            return 422, {"message": f"No ref found for: {asked['ref']}"}
        if strange := sorted(asked["inputs"].keys() - self.inputs):
            return 422, {"message": f"Unexpected inputs provided: {json.dumps(strange)}"}
        run = self.run(asked["inputs"]["gatehouse_retraining_request"])
        self.begun.append(asked["inputs"]["gatehouse_retraining_request"])
        if not asked.get("return_run_details"):
            return 204, ""
        return 200, {
            "workflow_run_id": run["id"],
            "run_url": f"{self.url}/repos/acme/credit/actions/runs/{run['id']}",
            "html_url": run["html_url"],
        }

    def run(self, own_id=""):
        number = self.number()
        run = {
            "id": number,
            "name": "Train",
            "display_title": f"Retrain {own_id}" if self.run_name and own_id else "Train",
            "event": "workflow_dispatch",
            "status": "queued",
            "conclusion": None,
            "created_at": stamp(),
            "html_url": f"https://github.example.com/acme/credit/actions/runs/{number}",
        }
        self.runs.append(run)
        return run

    def state(self, status, conclusion=None):
        for run in self.runs:
            run.update(status=status, conclusion=conclusion)


class GitLab(Tool):
    """Takes an access token, and ``trigger_token`` for beginning only. ``names_runs``: by the request."""

    path = "/api/v4/projects/42"
    secret = "glpat-1"
    trigger_token = "glptt-1"

    def __init__(self):
        super().__init__()
        self.pipelines, self.shows_variables, self.names_runs = [], True, True
        self.inputs = {"gatehouse_retraining_request", "gatehouse_model", "data"}

    def answer(self, method, path, asked, headers, body):
        if path == f"{self.path}/trigger/pipeline":
            fields = dict(parse_qsl(body.decode()))
            if fields.pop("token", "") != self.trigger_token:
                return 404, {"message": "404 Not Found"}
            ref = fields.pop("ref")
            given = {name[10:-1]: value for name, value in fields.items()}
            return self.make(ref, given, "trigger")
        if headers.get("private-token") != self.secret:
            return 401, {"message": "401 Unauthorized"}
        if path == f"{self.path}/pipeline" and method == "POST":
            wanted = json.loads(body)
            given = {each["key"]: each["value"] for each in wanted.get("variables", [])}
            return self.make(wanted["ref"], given, "api", wanted.get("inputs", {}))
        if path == f"{self.path}/pipelines":
            found = [
                self.shown(each)
                for each in reversed(self.pipelines)
                if each["source"] == asked["source"]
                and each["ref"] == asked["ref"]
                and each["updated_at"] >= asked["updated_after"]
            ]
            return 200, found[: int(asked["per_page"])]
        return self.one(path)

    def one(self, path):
        for each in self.pipelines:
            if path == f"{self.path}/pipelines/{each['id']}":
                return 200, self.shown(each)
            if path == f"{self.path}/pipelines/{each['id']}/variables":
                if not self.shows_variables:
                    return 403, {"message": "403 Forbidden"}
                pairs = each["variables"].items()
                return 200, [
                    {"key": key, "value": value, "variable_type": "env_var"} for key, value in pairs
                ]
        return 404, {"message": "404 Not Found"}

    def make(self, ref, variables, source, inputs=()):
        if strange := sorted(set(inputs) - self.inputs):
            return 400, {"message": {"base": [f"Unknown input arguments: {strange[0]}"]}}
        if ref != "main":
            return 400, {"message": {"base": ["Reference not found"]}}
        number = self.number()
        own_id = dict(inputs).get("gatehouse_retraining_request")
        self.pipelines.append(
            {
                "id": number,
                "name": f"Retrain {own_id}" if own_id and self.names_runs else None,
                "ref": ref,
                "source": source,
                "status": "created",
                "updated_at": stamp(),
                "web_url": f"https://gitlab.example.com/ml/credit/-/pipelines/{number}",
                "variables": variables,
            }
        )
        self.begun.append(own_id or variables["GATEHOUSE_RETRAINING_REQUEST"])
        return 201, self.shown(self.pipelines[-1])

    def shown(self, pipeline):
        return {key: value for key, value in pipeline.items() if key != "variables"}

    def state(self, status):
        for each in self.pipelines:
            each["status"] = status


class Jenkins(Tool):
    """Knows itself by another host's name, as behind a proxy. A password needs a crumb, a token none."""

    path = "/ci/job/models/job/train-credit"
    secret = "robot:api-token"
    password = "robot:password"
    inside = "http://jenkins.internal:8080/ci"

    def __init__(self):
        super().__init__()
        self.declared = {"GATEHOUSE_RETRAINING_REQUEST", "GATEHOUSE_MODEL", "DATA"}
        self.queue, self.builds, self.gone = [], [], set()

    def answer(self, method, path, asked, headers, body):
        given = headers.get("authorization")
        if given not in {basic(self.secret), basic(self.password)}:
            return 401, "<html><body>Unauthorized</body></html>"
        if path == "/ci/crumbIssuer/api/json":
            crumb = {"crumb": "c-1", "crumbRequestField": "Jenkins-Crumb"}
            return 200, crumb, {"set-cookie": "JSESSIONID=s-1; Path=/ci; HttpOnly"}
        if path == f"{self.path}/buildWithParameters" and method == "POST":
            crumbed = headers.get("jenkins-crumb") == "c-1" and "s-1" in headers.get("cookie", "")
            if given == basic(self.password) and not crumbed:
                return 403, "<html>No valid crumb was included in the request</html>"
            return self.enqueue(dict(parse_qsl(body.decode())))
        if path == "/ci/queue/api/json":
            return 200, {"items": [item for item in self.queue if "executable" not in item]}
        return self.one(path)

    def one(self, path):
        if path == f"{self.path}/api/json":
            return 200, {"builds": list(reversed(self.builds))[:50]}
        for item in self.queue:
            if path == f"/ci/queue/item/{item['id']}/api/json" and item["id"] not in self.gone:
                return 200, item
        for build in self.builds:
            if path == f"{self.path}/{build['number']}/api/json":
                return 200, build
        return 404, "<html><body>Not found</body></html>"

    def enqueue(self, given):
        number = self.number()
        kept = {name: value for name, value in given.items() if name in self.declared}
        pairs = [{"name": name, "value": value} for name, value in kept.items()]
        self.queue.append(
            {
                "id": number,
                "task": {"url": f"{self.inside}/job/models/job/train-credit/"},
                "actions": [{}, {"parameters": pairs}],
                "cancelled": False,
                "why": "In the quiet period. Expires in 4.9 sec",
                "inQueueSince": int(time.time() * 1000),
            }
        )
        self.begun.append(given["GATEHOUSE_RETRAINING_REQUEST"])
        return 201, "", {"location": f"{self.inside}/queue/item/{number}/"}

    def start(self):
        """Let everything that waits in the queue be built."""
        for item in self.queue:
            if "executable" not in item:
                number = len(self.builds) + 1
                url = f"{self.inside}/job/models/job/train-credit/{number}/"
                item["executable"] = {"number": number, "url": url}
                build = {"number": number, "actions": item["actions"], "building": True}
                self.builds.append(build | {"result": None, "timestamp": item["inQueueSince"]})

    def forget(self):
        """Let the queue items be gone, as five minutes later."""
        self.gone |= {item["id"] for item in self.queue if "executable" in item}

    def end(self, result):
        for build in self.builds:
            build.update(building=False, result=result)


class Receiver(Tool):
    """Takes signed webhooks; carries out each id once, as it is asked to."""

    path = "/train"
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()

    def __init__(self):
        super().__init__()
        self.received = []

    def answer(self, method, path, asked, headers, body):
        self.received.append((headers, json.loads(body)))
        own_id = headers["idempotency-key"]
        if own_id not in self.begun:
            self.begun.append(own_id)
        return 202, {"taken": True}
