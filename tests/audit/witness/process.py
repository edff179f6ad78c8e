"""A witness in a process of its own, as it is run elsewhere."""

import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.wait import wait_for

CHECKOUT = Path(__file__).resolve().parents[3]


class WitnessProcess:
    def __init__(
        self, home: Path, *vkeys, command=("-m", "audit.witness"), more=(), environment=None
    ):
        self.home = home
        self.arguments = ["--state", str(home / "state"), "--key", str(home / "key")]
        self.arguments += ["--new-key", "witness.example.org/w1", "--listen", "127.0.0.1:0"]
        self.arguments += more
        for vkey in vkeys:
            self.arguments += ["--log", vkey]
        self.command = [sys.executable, *command, *self.arguments]
        self.environment = environment
        self.start()

    def start(self):
        self.out = (self.home / "witness.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            self.command, cwd=CHECKOUT, stdout=self.out, stderr=self.out, env=self.environment
        )
        wait_for(lambda: "listening on" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        lines = self.said().splitlines()
        self.vkeys = [line for line in lines if line.startswith("witness.example.org/w1+")]
        self.url = "http://" + next(li for li in lines if "listening on" in li).split()[-1]

    def said(self):
        return (self.home / "witness.log").read_text(encoding="utf-8")

    def add_checkpoint(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=10)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=10)
        self.out.close()

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=10)
        self.out.close()
