"""The demo's credit model: trained in the MLflow server of `make run`, and its registry in the portal.

Done in the background after every start: MLflow takes its time, and its port may have changed since.
"""

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.embedded import preparation
from portal.embedded.errors import CannotStart
from portal.embedded.layout import CHECKOUT, Layout
from portal.embedded.mlflow import MlflowServer
from portal.embedded.processes import MARK

_TRAINING = CHECKOUT / "portal" / "demo" / "credit_model.py"
_START_SECONDS = 300.0


@dataclass(frozen=True)
class DemoModels:
    """One start's work."""

    server: MlflowServer
    layout: Layout
    environment: Mapping[str, str]
    say: Callable[[str], None]

    def run(self) -> None:
        """Train the models once, and let the portal know where they are; says a sentence if that fails."""
        try:
            self._wait()
            preparation.once(self.layout.demo_models, "trained", self._train)
            preparation.manage(self.environment, "connect_demo_models")
        except CannotStart as error:
            self.say(f"the demo's models are not there: {error}")

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.server.is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(f"MLflow did not start; see {self.layout.logs / 'mlflow.log'}.")
            time.sleep(0.5)

    def _train(self) -> None:
        inherited = self.server.inherits(self.environment)
        done = subprocess.run(
            [str(self.server.python), str(_TRAINING)],
            env={**inherited, MARK: str(self.layout.home)},
            cwd=self.layout.mlflow,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"the training failed:\n{done.stderr[-2000:]}")
