"""Run by MLflow's own interpreter: a team's pipeline, which trains, logs and registers a real tiny model.

KServe loads nothing from MLflow's own file store. So the version is registered with the address to which the
pipeline published the files, as such teams do. Each line of standard input is a call; each answer a line.
"""

import sys

import mlflow
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

COMMIT = "4f1c" * 10


def loans():
    chance = np.random.default_rng(7)
    frame = pd.DataFrame({"income": chance.normal(size=400), "debt": chance.normal(size=400)})
    danger = frame["debt"] - frame["income"] + chance.normal(scale=0.8, size=400)
    return frame, (danger > 0).astype(int)


def publish(name, features):
    columns = features.split(",")
    frame, bad = loans()
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    tags = {
        "mlflow.user": "anna",
        "mlflow.source.git.commit": COMMIT,
        "mlflow.source.git.dirty": "false",
    }
    with mlflow.start_run(tags=tags) as run:
        model = LogisticRegression().fit(frame[columns][:300], bad[:300])
        likely = model.predict_proba(frame[columns][300:])[:, 1]
        mlflow.log_params({"features": features, "C": model.C})
        mlflow.log_metric("auc", roc_auc_score(bad[300:], likely))
        mlflow.sklearn.log_model(model, name="model", input_example=frame[columns][:2])
    address = f"s3://models/{name}/{run.info.run_id}"
    return client.create_model_version(name, address, run.info.run_id).version


def champion(name):
    return mlflow.MlflowClient().get_model_version_by_alias(name, "champion").version


if __name__ == "__main__":
    mlflow.set_experiment("credit")
    print("ready", flush=True)
    for line in sys.stdin:
        call, *words = line.split()
        print({"publish": publish, "champion": champion}[call](*words), flush=True)
