"""Which addresses KServe can load a model from, and why it cannot load the others.

KServe's own webhook lets ``mlflow-artifacts:/…`` pass, since it takes what has no ``://`` for a path, and
fails when a pod tries to load it. So it is said at planning time.
"""

import re

LOADABLE = (
    "gs", "hdfs", "hf", "http", "https", "oci", "oci+fetch", "oci+native", "pvc", "s3", "webhdfs",
)  # fmt: skip
_OBJECT_STORES = "s3://, gs://, oci://, hf://, pvc:// or https://"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_USER = re.compile(r"//[^/@]*@")

_WITH_MLFLOW = (
    "its files lie behind the MLflow server, and KServe does not ask MLflow for files. Give the "
    f"registry an artifact location that a cluster reaches ({_OBJECT_STORES}) and register the "
    "version again"
)
_INSIDE_MLFLOW = (
    "that is a name inside of MLflow and no place where files lie. Let MLflow resolve it: register the "
    f"version from a location that a cluster reaches ({_OBJECT_STORES})"
)
_ON_A_MACHINE = (
    "that is a file on one machine, which the nodes of the cluster do not have. Put the model where "
    f"a cluster reaches it ({_OBJECT_STORES}) and register the version again"
)
_WHY_NOT = {
    "mlflow-artifacts": _WITH_MLFLOW,
    "mlflow": _WITH_MLFLOW,
    "models": _INSIDE_MLFLOW,
    "runs": _INSIDE_MLFLOW,
    "file": _ON_A_MACHINE,
    "dbfs": "that is Databricks' own file system, for which KServe has no loader. Copy the model to "
    f"{_OBJECT_STORES} and register it from there",
}
for _azure in ("abfs", "abfss", "wasb", "wasbs"):
    _WHY_NOT[_azure] = (
        "KServe loads from Azure only by the https address of a blob. Register the version with "
        "https://ACCOUNT.blob.core.windows.net/…"
    )


def why_not_loadable(address: str) -> str:
    """Return why KServe cannot load a model from there, as the end of a sentence; empty if it can."""
    if not address:
        return (
            "it was registered without the address of its files. Register a version with one "
            f"({_OBJECT_STORES})"
        )
    found = _SCHEME.match(address)
    if found is None or re.match(r"[A-Za-z]:[\\/]", address):
        return _ON_A_MACHINE
    scheme = found[1].lower()
    if scheme in _WHY_NOT:
        return _WHY_NOT[scheme]
    if scheme not in LOADABLE or not address[found.end() :].startswith("//"):
        return f"KServe has no loader for {scheme}:. It loads from {_OBJECT_STORES}"
    if _USER.search(address):
        return (
            "the address contains a user name or password, which everybody who sees the cluster would "
            "read. Register it without, and give KServe a secret by its service account"
        )
    return ""
