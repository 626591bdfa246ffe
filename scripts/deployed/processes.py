"""Which process is at the other end of a connection, and whether it is one of ours."""

import contextlib
import os
import signal
from pathlib import Path

# What the zip of a function holds, as Linux names its process.
FUNCTION = "bootstrap"


def function_at(client_port, server_port, ancestor):
    """The process of a function that connected from `client_port`, None when it is over or no descendant of
    `ancestor`: nothing else is ever ended."""
    inode = _inode(client_port, server_port)
    for pid in _functions(ancestor) if inode else ():
        with contextlib.suppress(OSError):
            if any(_link(entry) == f"socket:[{inode}]" for entry in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    return None


def kill(pid):
    """kill -9, as when Lambda takes an environment away. False when it is already over."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _inode(client_port, server_port):
    """Of the socket whose own end is `client_port`, on loopback."""
    local, remote = f":{client_port:04X}", f":{server_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(local) and fields[2].endswith(remote):
            return fields[9]
    return None


def _functions(ancestor):
    """Processes of functions that descend from `ancestor`."""
    parents, functions = {}, []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            head, _, tail = (folder / "stat").read_text().rpartition(")")
            pid = int(folder.name)
            parents[pid] = int(tail.split()[1])
            if head.partition("(")[2] == FUNCTION:
                functions.append(pid)
    return [pid for pid in functions if _descends(pid, ancestor, parents)]


def _descends(pid, ancestor, parents):
    while pid in parents and pid != ancestor:
        pid = parents[pid]
    return pid == ancestor


def _link(path):
    with contextlib.suppress(OSError):
        return os.readlink(path)
    return None
