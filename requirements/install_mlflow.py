"""Fill ``.venv-mlflow`` from its own lock: MLflow's server and our packages do not go together.

Standard library only, like ``install.py``, whose work this is for another directory.
"""

from __future__ import annotations

import install

ENVIRONMENT = install.CHECKOUT / ".venv-mlflow"


def main() -> None:
    """Install MLflow unless it is there."""
    install.VENV = ENVIRONMENT
    install.PYTHON = ENVIRONMENT / "bin" / "python"
    install.STAMP = ENVIRONMENT / ".ready"
    install.run("mlflow")


if __name__ == "__main__":
    main()
