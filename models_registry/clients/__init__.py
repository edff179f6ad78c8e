"""The port to a model registry, and its adapter for MLflow."""
