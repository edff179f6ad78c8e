"""Writes to MLflow's REST interface, the stand-in's or a real server's: what a data scientist does there."""

import time

import httpx


class Writer:
    """A data scientist at an MLflow server."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=60)

    def close(self):
        self.http.close()

    def call(self, method, call, **body):
        options = {"params": body} if method == "GET" else {"json": body}
        answer = self.http.request(method, f"/api/2.0/mlflow/{call}", **options)
        answer.raise_for_status()
        return answer.json()

    def model(self, name, **more):
        return self.call("POST", "registered-models/create", name=name, **more)

    def run(
        self, *, user="anna", tags=(), params=(), metrics=(), datasets=(), finished=True, **more
    ):
        now = int(time.time() * 1000)
        named = [{"key": "mlflow.user", "value": user}] if user else []
        named += [{"key": key, "value": value} for key, value in dict(tags).items()]
        made = self.call(
            "POST",
            "runs/create",
            experiment_id=more.pop("experiment_id", "0"),
            user_id=user,
            start_time=now,
            tags=named,
            **more,
        )
        run_id = made["run"]["info"]["run_id"]
        self.call(
            "POST",
            "runs/log-batch",
            run_id=run_id,
            params=[{"key": key, "value": str(value)} for key, value in dict(params).items()],
            metrics=[{"key": k, "value": v, "timestamp": now, "step": s} for k, v, s in metrics],
        )
        if datasets:
            self.call("POST", "runs/log-inputs", run_id=run_id, datasets=list(datasets))
        if finished:
            self.end(run_id)
        return run_id

    def logged_model(self, run_id):
        """A model of MLflow 3, which runs can measure."""
        made = self.call(
            "POST", "logged-models", experiment_id="0", name="model", source_run_id=run_id
        )
        return made["model"]["info"]["model_id"]

    def measure(self, run_id, model_id, *metrics, dataset=None):
        """Log (name, value, step) on a logged model, on data of that name and digest."""
        now = int(time.time() * 1000)
        data = dict(zip(("dataset_name", "dataset_digest"), dataset or (), strict=False))
        rows = [
            {"key": k, "value": v, "timestamp": now, "step": s, "model_id": model_id, **data}
            for k, v, s in metrics
        ]
        self.call("POST", "runs/log-batch", run_id=run_id, metrics=rows)

    def end(self, run_id):
        self.call(
            "POST",
            "runs/update",
            run_id=run_id,
            status="FINISHED",
            end_time=int(time.time() * 1000),
        )

    def version(self, name, *, source="s3://models/nothing", run_id="", **more):
        body = {"name": name, "source": source, **more}
        if run_id:
            body["run_id"] = run_id
        made = self.call("POST", "model-versions/create", **body)
        return int(made["model_version"]["version"])

    def file(self, path, content):
        answer = self.http.put(f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=content)
        answer.raise_for_status()

    def alias(self, name, alias, version):
        self.call("POST", "registered-models/alias", name=name, alias=alias, version=str(version))

    def remove_alias(self, name, alias):
        self.call("DELETE", "registered-models/alias", name=name, alias=alias)

    def tag(self, name, version, key, value):
        self.call(
            "POST", "model-versions/set-tag", name=name, version=str(version), key=key, value=value
        )

    def stage(self, name, version, stage):
        self.call(
            "POST",
            "model-versions/transition-stage",
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=False,
        )

    def delete_version(self, name, version):
        self.call("DELETE", "model-versions/delete", name=name, version=str(version))

    def delete_model(self, name):
        self.call("DELETE", "registered-models/delete", name=name)

    def rename(self, name, new_name):
        self.call("POST", "registered-models/rename", name=name, new_name=new_name)
