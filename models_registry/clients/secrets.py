"""Secrets that the operator mounts as files in MLFLOW_CREDENTIALS_DIR; registries name the file."""

from pathlib import Path

from django.conf import settings

from models_registry.clients.port import RegistryRefused

LARGEST = 16 * 1024
"""Bytes: a secret is a line, and nobody reads a file of another kind by mistake."""


def secret_of(name: str) -> str:
    """Return the file's text without the blanks around it.

    Raises:
        RegistryRefused: it cannot be read, or it is empty.
    """
    if not settings.MLFLOW_CREDENTIALS_DIR:
        raise RegistryRefused(
            f"The secret {name} cannot be read: the operator has not set MLFLOW_CREDENTIALS_DIR."
        )
    try:
        with (Path(settings.MLFLOW_CREDENTIALS_DIR) / name).open(encoding="utf-8") as file:
            text = file.read(LARGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryRefused(
            f"The secret {name} cannot be read. The operator mounts it as a file in "
            "MLFLOW_CREDENTIALS_DIR."
        ) from error
    if not text:
        raise RegistryRefused(f"The secret {name} is empty.")
    return text
