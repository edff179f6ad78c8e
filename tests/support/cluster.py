"""The sandbox cluster in a process of its own, as `make run` starts it."""

import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass
class SandboxProcess:
    """`url` is the API server's address; `kill()` makes it unreachable."""

    url: str
    process: subprocess.Popen

    @classmethod
    def start(cls, log: Path, port: int = 0, *arguments: str) -> "SandboxProcess":
        command = [sys.executable, "-m", "portal.sandbox_cluster", "--port", str(port), *arguments]
        with log.open("ab") as told:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=told, cwd=CHECKOUT, text=True
            )
        for line in process.stdout:
            if found := re.search(r"https?://[^\s/]+", line):
                # Somebody must read on, or the pipe fills and the cluster stands still.
                threading.Thread(target=_drain, args=[process.stdout], daemon=True).start()
                return cls(found.group(), process)
        raise RuntimeError(f"The sandbox cluster did not start:\n{log.read_text()}")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()


def _drain(output) -> None:
    with output:
        output.read()
