"""Run by MLflow's own interpreter: a real, tiny model is trained, logged and registered."""

import sys

import mlflow
import pandas as pd
from sklearn.linear_model import LogisticRegression


def train(name):
    frame = pd.DataFrame({"income": [1.0, 2, 3, 4, 5, 6], "age": [20.0, 30, 40, 50, 60, 70]})
    target = [0, 0, 0, 1, 1, 1]
    mlflow.set_experiment("credit")
    with mlflow.start_run(run_name="tiny"):
        data = mlflow.data.from_pandas(
            frame.assign(bad=target), source="s3://lake/loans.parquet", name="loans", targets="bad"
        )
        mlflow.log_input(data, context="training")
        mlflow.log_params({"C": 0.5, "solver": "lbfgs"})
        mlflow.set_tags(
            {
                "mlflow.user": "anna",
                "mlflow.source.git.commit": "4f1c" * 10,
                "mlflow.source.git.branch": "main",
                "mlflow.source.git.dirty": "false",
            }
        )
        model = LogisticRegression(C=0.5).fit(frame, target)
        signature = mlflow.models.infer_signature(frame, model.predict(frame))
        logged = mlflow.sklearn.log_model(
            model, name="model", signature=signature, registered_model_name=name
        )
        mlflow.log_metric("auc", 0.91, step=3)  # after the version was registered
    with mlflow.start_run(run_name="evaluation"):
        mlflow.log_metric("auc_holdout", 0.88, model_id=logged.model_id, dataset=data)


if __name__ == "__main__":
    train(sys.argv[1])
