"""Waiting for what happens in another process."""

import time


def wait_for(condition, seconds: float = 30, every: float = 0.1):
    """Return the first true value of ``condition()``; fail the test if none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"It did not happen within {seconds} s; last seen: {value!r}")
        time.sleep(every)
