"""Runs one child process and says what it took."""

import os
import pathlib
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """What a child process took, from the kernel's account of it (`wait4`)."""

    wall_s: float
    cpu_s: float  # user and system
    peak_bytes: int  # largest resident set; never below the peak of this process when it started the child
    stdout: str


class ChildFailed(Exception):
    """A child process that did not exit with 0; the message ends with what it wrote last."""


def run(command: list[str], folder: pathlib.Path) -> Measured:
    """Runs `command` to its end. `folder` receives its standard output and error."""
    os.sync()  # what an earlier run wrote must not be flushed at this one's expense
    out, err = folder / "stdout", folder / "stderr"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = err.read_text(errors="replace")[-2000:].strip()
        raise ChildFailed(f"{command[0]} ended with {child.returncode}:\n{tail}")
    kilobytes = 1 if os.uname().sysname == "Darwin" else 1024
    return Measured(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * kilobytes,
        stdout=out.read_text(errors="replace"),
    )


def size_bytes(folder: pathlib.Path) -> int:
    """Bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def parts(folder: pathlib.Path) -> int:
    """Parquet files below `folder`."""
    return sum(1 for _ in folder.rglob("*.parquet"))
