"""Waiting for what happens elsewhere: asked again and again until it is so, never for a fixed time."""

import time

BETWEEN_LOOKS_S = 0.1


class TooLate(Exception):
    """It did not become so within the time."""


def until(what, ready, seconds):
    """The first true answer of `ready()`. `what`: told when it does not come within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TooLate(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(BETWEEN_LOOKS_S)
