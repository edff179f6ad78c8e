"""Loopback ports: which is free, and who holds one that is not."""

import socket

import psutil


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether ``port`` can be listened on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def next_free(port: int) -> int:
    """Return the first free port after ``port``, or any free one."""
    return next(
        (near for near in range(port + 1, min(port + 50, 65536)) if is_free(near)), free_port()
    )


def holder(port: int) -> psutil.Process | None:
    """Return the process that listens on ``port``, if this user may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,):
                return psutil.Process(connection.pid) if connection.pid else None
    except psutil.Error:
        return None
    return None
