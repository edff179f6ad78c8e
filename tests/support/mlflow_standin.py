"""A stand-in for MLflow's tracking server, for the ordinary tests: its REST interface over real HTTP.

tests/models_registry/test_contract.py holds it to what the real server answers; `make test-mlflow` runs
the same tests against both. Faults are switched on by ``standin.faults``.
"""

import base64
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
REDACTED = {"source": "REDACTED-SOURCE-PATH", "run_id": "REDACTED-RUN-ID", "user_id": None}


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def absent(message):
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", message)


def invalid(message):
    return Refused(400, "INVALID_PARAMETER_VALUE", message)


class StandIn:
    """The state of one server."""

    def __init__(self):
        self.models = {}
        self.versions = {}
        self.deleted = set()
        self.runs = {}
        self.logged_models = {}
        """By id: every metric that a run logged on it."""
        self.experiments = {"0": "Default"}
        self.files = {}
        self.calls = []
        self.authorizations = []
        self.faults = []
        """Functions (call, parameters) → answer or None; the first that answers instead wins."""
        self.after = []
        """Functions (call, parameters), called when an answer is composed and before it is sent."""
        self.lock = threading.RLock()
        self._clock = int(time.time() * 1000)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.standin = self
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def now(self):
        self._clock = max(self._clock + 1, int(time.time() * 1000))
        return self._clock

    # ── answers ─────────────────────────────────────────────────────────────────────────────────

    def answer(self, method, call, asked):
        name = f"{method} {call}"
        if name.startswith("GET logged-models/"):
            with self.lock:
                return get_logged_model(self, unquote(call.partition("/")[2]))
        if name not in _CALLS:
            raise Refused(404, "ENDPOINT_NOT_FOUND", f"No such call: {name}")
        with self.lock:
            return _CALLS[name](self, asked)

    def model(self, name):
        if name not in self.models:
            raise absent(f"Registered Model with name={name} not found")
        return self.models[name]

    def version(self, name, number):
        if not str(number).isdigit():
            raise invalid(f"Parameter 'version' must be an integer, got '{number}'.")
        key = (name, int(number))
        if key not in self.versions or key in self.deleted:
            raise absent(f"Model Version (name={name}, version={number}) not found")
        return self.versions[key]

    def versions_of(self, name):
        return [row for key, row in self.living() if key[0] == name]

    def living(self):
        return [(key, row) for key, row in self.versions.items() if key not in self.deleted]


def shown_model(standin, row):
    newest = {}
    for version in standin.versions_of(row["name"]):
        newest[version["current_stage"]] = shown_version(version)
    return without_empty(
        {
            **{key: row[key] for key in ("name", "creation_timestamp", "last_updated_timestamp")},
            "description": row["description"],
            "latest_versions": list(newest.values()),
            "tags": pairs(row["tags"]),
            "aliases": [
                {"alias": alias, "version": str(number)} for alias, number in row["aliases"].items()
            ],
        }
    )


def shown_version(row):
    shown = {**row, "version": str(row["version"]), "tags": pairs(row["tags"])}
    shown.pop("model_id", None)
    return {key: value for key, value in shown.items() if value not in ([], None)}


def without_empty(row):
    return {key: value for key, value in row.items() if value not in ("", [], {}, None)}


def pairs(values):
    return [{"key": key, "value": value} for key, value in values.items()]


def mapping(rows):
    return {row["key"]: row.get("value", "") for row in rows or []}


def page(rows, asked, most, key):
    """MLflow's paging: the token is an offset into the sorted list."""
    start = offset_of(asked.get("page_token") or "")
    size = int(asked.get("max_results") or most)
    shown = rows[start : start + size]
    answer = {key: shown} if shown else {}
    if start + size < len(rows):
        answer["next_page_token"] = token_of(start + size)
    return answer


def token_of(offset):
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token):
    try:
        return json.loads(base64.b64decode(token))["offset"] if token else 0
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("Invalid page token, could not base64-decode") from error


def name_in(asked, key="name"):
    name = asked.get(key) or ""
    if not name:
        raise invalid(f"Missing value for required parameter '{key}'.")
    if "/" in name or ":" in name:
        raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    return name


def filtered_name(asked):
    text = (asked.get("filter") or "").strip()
    if not text:
        return None
    left, _, right = text.partition("=")
    assert left.strip() == "name", text
    return right.strip()[1:-1]


def create_model(standin, asked):
    name = name_in(asked)
    if name in standin.models:
        raise Refused(
            400, "RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already exists."
        )
    now = standin.now()
    standin.models[name] = {
        "name": name,
        "creation_timestamp": now,
        "last_updated_timestamp": now,
        "description": asked.get("description", ""),
        "tags": mapping(asked.get("tags")),
        "aliases": {},
    }
    return {"registered_model": shown_model(standin, standin.models[name])}


def get_model(standin, asked):
    return {"registered_model": shown_model(standin, standin.model(asked.get("name", "")))}


def search_models(standin, asked):
    rows = [shown_model(standin, standin.models[name]) for name in sorted(standin.models)]
    return page(rows, asked, 100, "registered_models")


def rename_model(standin, asked):
    row, new = standin.model(asked["name"]), name_in(asked, "new_name")
    del standin.models[row["name"]]
    for key in [key for key in standin.versions if key[0] == row["name"]]:
        version = standin.versions.pop(key)
        standin.versions[new, key[1]] = {**version, "name": new}
        if key in standin.deleted:
            standin.deleted.remove(key)
            standin.deleted.add((new, key[1]))
    standin.models[new] = {**row, "name": new}
    return {"registered_model": shown_model(standin, standin.models[new])}


def update_model(standin, asked):
    standin.model(asked["name"])["description"] = asked.get("description", "")
    return get_model(standin, asked)


def delete_model(standin, asked):
    name = standin.model(asked["name"])["name"]
    del standin.models[name]
    for key in [key for key in standin.versions if key[0] == name]:
        del standin.versions[key]
        standin.deleted.discard(key)
    return {}


def set_model_tag(standin, asked):
    standin.model(asked["name"])["tags"][asked["key"]] = asked["value"]
    return {}


def set_alias(standin, asked):
    standin.version(asked["name"], asked["version"])
    standin.model(asked["name"])["aliases"][asked["alias"]] = int(asked["version"])
    return {}


def delete_alias(standin, asked):
    standin.model(asked["name"])["aliases"].pop(asked["alias"], None)
    return {}


def create_version(standin, asked):
    name, now = standin.model(asked["name"])["name"], standin.now()
    number = max((key[1] for key in standin.versions if key[0] == name), default=0) + 1
    standin.versions[name, number] = {
        "name": name,
        "version": number,
        "creation_timestamp": now,
        "last_updated_timestamp": now,
        "current_stage": "None",
        "description": asked.get("description", ""),
        "source": asked["source"],
        "run_id": asked.get("run_id", ""),
        "status": "READY",
        "tags": mapping(asked.get("tags")),
        "run_link": asked.get("run_link", ""),
    }
    return {"model_version": shown_version(standin.versions[name, number])}


def get_version(standin, asked):
    row = standin.version(asked["name"], asked["version"])
    held = standin.models[row["name"]]["aliases"]
    aliases = [alias for alias, number in held.items() if number == row["version"]]
    return {"model_version": {**shown_version(row), **({"aliases": aliases} if aliases else {})}}


def search_versions(standin, asked):
    only = filtered_name(asked)
    rows = [
        shown_version(row)
        for key, row in sorted(standin.living())
        if only is None or key[0] == only
    ]
    return page(rows, asked, 10_000, "model_versions")


def delete_version(standin, asked):
    row = standin.version(asked["name"], asked["version"])
    row |= REDACTED
    aliases = standin.models[row["name"]]["aliases"]
    for alias in [alias for alias, number in aliases.items() if number == row["version"]]:
        del aliases[alias]
    standin.deleted.add((row["name"], row["version"]))
    return {}


def update_version(standin, asked):
    row = standin.version(asked["name"], asked["version"])
    row["description"] = asked.get("description", "")
    return {"model_version": shown_version(row)}


def set_version_tag(standin, asked):
    standin.version(asked["name"], asked["version"])["tags"][asked["key"]] = asked["value"]
    return {}


def transition(standin, asked):
    row = standin.version(asked["name"], asked["version"])
    row["current_stage"] = asked["stage"]
    return {"model_version": shown_version(row)}


def download_uri(standin, asked):
    return {"artifact_uri": standin.version(asked["name"], asked["version"])["source"]}


def create_experiment(standin, asked):
    key = str(len(standin.experiments))
    standin.experiments[key] = asked["name"]
    return {"experiment_id": key}


def search_experiments(standin, asked):
    rows = [
        {"experiment_id": key, "name": name, "lifecycle_stage": "active"}
        for key, name in standin.experiments.items()
    ]
    return page(rows, asked, 1000, "experiments")


def create_run(standin, asked):
    run_id = uuid.uuid4().hex
    tags = mapping(asked.get("tags"))
    standin.runs[run_id] = {
        "info": {
            "run_uuid": run_id,
            "run_id": run_id,
            "experiment_id": asked.get("experiment_id", "0"),
            "run_name": asked.get("run_name", ""),
            "user_id": asked.get("user_id", tags.get("mlflow.user", "")),
            "status": "RUNNING",
            "start_time": int(asked.get("start_time") or standin.now()),
            "lifecycle_stage": "active",
        },
        "tags": tags,
        "params": {},
        "metrics": {},
        "datasets": [],
    }
    return {"run": shown_run(standin.runs[run_id])}


def shown_run(row):
    held = without_empty(
        {
            "metrics": [shown_metric(each) for each in row["metrics"].values()],
            "params": pairs(row["params"]),
            "tags": pairs(row["tags"]),
        }
    )
    inputs = {"dataset_inputs": row["datasets"]} if row["datasets"] else {}
    return {"info": row["info"], "data": held, "inputs": inputs}


def shown_metric(row):
    value = row["value"]
    return {
        **row,
        "value": {"Infinity": 1.7976931348623157e308, "-Infinity": -1.7976931348623157e308}.get(
            value, value
        ),
    }


def run_of(standin, asked):
    run_id = asked.get("run_id", "")
    if run_id not in standin.runs:
        raise absent(f"Run with id={run_id} not found")
    return standin.runs[run_id]


def get_run(standin, asked):
    return {"run": shown_run(run_of(standin, asked))}


def search_runs(standin, asked):
    wanted = {each.strip().strip("'") for each in asked["filter"].partition("(")[2][:-1].split(",")}
    rows = [
        shown_run(row)
        for run_id, row in standin.runs.items()
        if run_id in wanted and row["info"]["experiment_id"] in asked["experiment_ids"]
    ]
    return page(rows, asked, 1000, "runs")


def log_batch(standin, asked):
    row = run_of(standin, asked)
    row["tags"] |= mapping(asked.get("tags"))
    row["params"] |= mapping(asked.get("params"))
    for metric in asked.get("metrics", []):
        if metric.get("model_id"):
            value = 0 if metric["value"] == "NaN" else metric["value"]  # as MLflow keeps it
            kept = {
                **metric,
                "value": value,
                "run_id": asked["run_id"],
                "step": int(metric["step"]),
            }
            standin.logged_models[metric["model_id"]].append(kept)
        kept = row["metrics"].get(metric["key"])
        if kept is None or int(kept["step"]) <= int(metric.get("step", 0)):
            row["metrics"][metric["key"]] = {
                "key": metric["key"],
                "value": metric["value"],
                "timestamp": int(metric["timestamp"]),
                "step": int(metric.get("step", 0)),
            }
    return {}


def create_logged_model(standin, asked):
    model_id = f"m-{uuid.uuid4().hex}"
    standin.logged_models[model_id] = []
    info = {
        "model_id": model_id,
        "experiment_id": asked["experiment_id"],
        "name": asked.get("name"),
    }
    return {"model": {"info": info, "data": {}}}


def get_logged_model(standin, model_id):
    if model_id not in standin.logged_models:
        raise absent(f"Logged model with ID '{model_id}' not found.")
    metrics = standin.logged_models[model_id]
    return {
        "model": {"info": {"model_id": model_id}, "data": {"metrics": metrics} if metrics else {}}
    }


def log_inputs(standin, asked):
    run_of(standin, asked)["datasets"] += asked["datasets"]
    return {}


def update_run(standin, asked):
    row = run_of(standin, asked)
    row["info"] |= {key: asked[key] for key in ("status", "end_time") if key in asked}
    return {"run_info": row["info"]}


_CALLS = {
    "POST registered-models/create": create_model,
    "GET registered-models/get": get_model,
    "GET registered-models/search": search_models,
    "POST registered-models/rename": rename_model,
    "PATCH registered-models/update": update_model,
    "DELETE registered-models/delete": delete_model,
    "POST registered-models/set-tag": set_model_tag,
    "POST registered-models/alias": set_alias,
    "DELETE registered-models/alias": delete_alias,
    "POST model-versions/create": create_version,
    "GET model-versions/get": get_version,
    "GET model-versions/search": search_versions,
    "PATCH model-versions/update": update_version,
    "DELETE model-versions/delete": delete_version,
    "POST model-versions/set-tag": set_version_tag,
    "POST model-versions/transition-stage": transition,
    "GET model-versions/get-download-uri": download_uri,
    "POST experiments/create": create_experiment,
    "GET experiments/search": search_experiments,
    "POST logged-models": create_logged_model,
    "POST runs/create": create_run,
    "GET runs/get": get_run,
    "POST runs/search": search_runs,
    "POST runs/log-batch": log_batch,
    "POST runs/log-inputs": log_inputs,
    "POST runs/update": update_run,
}


def listed_files(standin, folder):
    found = {}
    prefix = f"{folder}/" if folder else ""
    for path, content in standin.files.items():
        if path.startswith(prefix):
            first, _, rest = path.removeprefix(prefix).partition("/")
            found[first] = (
                {"path": first, "is_dir": True}
                if rest
                else {"path": first, "is_dir": False, "file_size": len(content)}
            )
    return {"files": [found[name] for name in sorted(found)]} if found else {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def standin(self):
        return self.server.standin

    def log_message(self, *args):
        pass

    def handle_any(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if parts.path.startswith(API):
            self.api(parts, body)
        elif parts.path.startswith(FILES):
            self.artifact(parts, body)
        else:
            self.say(404, b"Not Found", "text/plain")

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any  # noqa: N815 -- as http.server calls them

    def api(self, parts, body):
        call = parts.path.removeprefix(API)
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if body:
            asked |= json.loads(body)
        self.standin.calls.append((call, asked))
        self.standin.authorizations.append(self.headers.get("authorization"))
        if self.faulty(call, asked):
            return
        try:
            status, answer = 200, self.standin.answer(self.command, call, asked)
        except Refused as refusal:
            status, answer = refusal.status, {"error_code": refusal.code, "message": str(refusal)}
        for each in list(self.standin.after):
            each(call, asked)
        self.say(status, json.dumps(answer, indent=2).encode())

    def artifact(self, parts, body):
        path = unquote(parts.path.removeprefix(FILES)).strip("/")
        self.standin.calls.append(("artifacts", path or parts.query))
        if self.faulty("artifacts", {"path": path}):
            return
        files = self.standin.files
        if self.command == "PUT":
            files[path] = body
            self.say(200, b"{}")
        elif not path:
            folder = parse_qs(parts.query).get("path", [""])[0]
            listed = listed_files(self.standin, str(PurePosixPath(folder)))
            self.say(200, json.dumps(listed).encode())
        elif path in files:
            self.say(200, files[path], "application/octet-stream")
        else:
            message = f"No such artifact: '{path}'"
            answer = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}
            self.say(404, json.dumps(answer).encode())

    def faulty(self, call, asked):
        for fault in list(self.standin.faults):
            instead = fault(call, asked)
            if instead == "close":
                self.close_connection = True
                self.connection.close()
                return True
            if instead is not None:
                self.say(*instead)
                return True
        return False

    def say(self, status, content, kind="application/json", location=""):
        self.send_response(status)
        if location:
            self.send_header("location", location)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
