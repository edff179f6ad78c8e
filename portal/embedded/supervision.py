"""The processes of `make run`, kept alive by supervisord (docs/adr/0002)."""

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from portal.embedded.errors import CannotStart
from portal.embedded.layout import CHECKOUT, Layout
from portal.embedded.processes import MARK

_START_SECONDS = 20.0
STATE_STARTING, STATE_RUNNING, STATE_STOPPING, STATE_FATAL = 10, 20, 40, 200
"""Process states of supervisord's interface."""
_ALIVE = {STATE_STARTING, STATE_RUNNING, STATE_STOPPING}


@dataclass(frozen=True)
class Program:
    """One process to keep alive."""

    name: str
    command: list[str]
    stage: int
    """What is of a later stage is started later and stopped earlier."""
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    """How long it may take to stop before it is killed with its whole group."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def section(self, logs: Path) -> str:
        """Return its part of the configuration. Nothing starts before it is asked for."""
        environment = ",".join(f'{name}="{value}"' for name, value in self.environment.items())
        lines = [
            f"[program:{self.name}]",
            f"command={shlex.join(self.command)}",
            f"directory={CHECKOUT}",
            f"environment={environment}",
            f"priority={self.stage}",
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            "startretries=30",
            f"stopsignal={self.stop_signal}",
            f"stopwaitsecs={self.stop_seconds}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={logs / self.name}.log",
            "stdout_logfile_maxbytes=5MB",
            "stdout_logfile_backups=1",
        ]
        # supervisord expands %(…)s everywhere.
        return "\n".join(line.replace("%", "%%") for line in lines) + "\n"


class Supervisor:
    """supervisord in a process of its own."""

    def __init__(self, layout: Layout, programs: list[Program]) -> None:
        """Write the configuration of ``programs``."""
        self.layout = layout
        self.programs = programs
        self._socket = layout.sockets / "supervisor.sock"
        self._process: subprocess.Popen[bytes] | None = None
        layout.supervisor.write_text(self._configuration(), encoding="utf-8")

    def _configuration(self) -> str:
        lines = [
            "[supervisord]",
            "nodaemon=true",
            "silent=true",
            f"logfile={self.layout.logs / 'supervisord.log'}",
            "logfile_maxbytes=1MB",
            "logfile_backups=1",
            f"pidfile={self.layout.home / 'supervisord.pid'}",
            f"childlogdir={self.layout.logs}",
            "umask=077",
        ]
        if os.geteuid() == 0:
            lines.append("user=root")  # or it warns about not being told
        lines += [
            "[unix_http_server]",
            f"file={self._socket}",
            "chmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        head = "\n".join(line.replace("%", "%%") for line in lines)
        sections = [program.section(self.layout.logs) for program in self.programs]
        return "\n".join([head, *sections])

    def start(self, environment: Mapping[str, str]) -> None:
        """Start supervisord; its children inherit ``environment``.

        Raises:
            CannotStart: it did not answer.
        """
        self._socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord"]
        command += ["--configuration", str(self.layout.supervisor)]
        self._process = subprocess.Popen(
            command,
            env={**environment, MARK: str(self.layout.home)},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C is for the launcher, which then stops things in order.
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or not self.is_alive:
                raise CannotStart(
                    f"The supervisor did not start; see {self.layout.logs / 'supervisord.log'}."
                )
            time.sleep(0.05)

    @property
    def is_alive(self) -> bool:
        """Whether supervisord itself runs."""
        return self._process is not None and self._process.poll() is None

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _answers(self) -> bool:
        try:
            self._rpc().getState()
        except OSError:
            return False
        return True

    def launch(self, *names: str) -> None:
        """Start the programs called ``names`` without waiting for them."""
        rpc = self._rpc()
        for name in names:
            try:
                rpc.startProcess(name, False)  # noqa: FBT003 -- XML-RPC knows no keywords
            except Fault as fault:
                raise CannotStart(f"{name} could not be started: {fault.faultString}") from fault

    def pids(self) -> dict[str, int]:
        """Return the pid of each program that runs; 0 for one that was given up."""
        return {
            info["name"]: info["pid"]
            for info in self._rpc().getAllProcessInfo()
            if info["state"] in {STATE_RUNNING, STATE_FATAL}
        }

    def stop(self) -> None:
        """Stop everything in the reverse order of the stages, and supervisord last."""
        if self._process is None:
            return
        for number in sorted({program.stage for program in self.programs}, reverse=True):
            stage = [program for program in self.programs if program.stage == number]
            with contextlib.suppress(OSError, Fault):
                self._stop_together(stage)
        self._process.terminate()
        try:
            self._process.wait(timeout=_START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stop_together(self, programs: list[Program]) -> None:
        rpc = self._rpc()
        for program in programs:
            with contextlib.suppress(Fault):  # it does not run
                rpc.stopProcess(program.name, False)  # noqa: FBT003 -- XML-RPC knows no keywords
        names = {program.name for program in programs}
        deadline = time.monotonic() + max(program.stop_seconds for program in programs) + 5
        while time.monotonic() < deadline:
            states = {info["name"]: info["state"] for info in rpc.getAllProcessInfo()}
            if not any(states[name] in _ALIVE for name in names):
                return
            # Asking also wakes supervisord, which looks for ended children once a second otherwise.
            time.sleep(0.05)
