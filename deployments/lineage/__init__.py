"""Lineage: data, run, model version, release, deployment, as a graph."""
