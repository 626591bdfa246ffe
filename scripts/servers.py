"""Servers that tests start: on loopback, on a port that the kernel chooses, ended with whatever started them, however that
ends. Nothing but Python's own library, as several Pythons run this.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

# Runs a server until its standard input ends, and then ends all that the server has started.
GUARD = Path(__file__).resolve().parents[1] / "lake-functions/aws/tests/aws/harness/guard.py"
READY_WITHIN_S = 120
STARTS_MAX = 3
BETWEEN_LOOKS_S = 0.05
# Of servers that this program started on loopback itself: no proxy, and certificates that they sign themselves.
_OPENER = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context()))  # noqa: S323


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers. `guard_pid`: all its processes descend from it."""

    endpoint: str
    guard_pid: int
    log: Path

    @property
    def port(self):
        return int(self.endpoint.rpartition(":")[2])


@contextlib.contextmanager
def serving(command, ready, log, *, scheme="http"):
    """Starts a server. `command(port)`: its arguments, and the environment that it has beside this program's, where None
    takes a variable out. `ready`: the path that it answers once it is. `log`: the file for what it says."""
    for _ in range(STARTS_MAX):
        port = free_port()
        arguments, more = command(port)
        environment = {name: value for name, value in (os.environ | more).items() if value is not None}
        with open(log, "wb") as output:
            guard = subprocess.Popen([sys.executable, str(GUARD), *map(str, arguments)], env=environment,
                                     stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            endpoint = f"{scheme}://127.0.0.1:{port}"
            if _is_ready(guard, endpoint + ready, log):
                yield Server(endpoint, guard.pid, Path(log))
                return
        finally:
            # What ends it.
            guard.stdin.close()
            guard.wait()
    raise SystemExit(f"no server in {STARTS_MAX} tries, each time its port was taken: {arguments}")


def ministack(log, folder, *, region, python=sys.executable, module="ministack", scheme="http", **settings):
    """ministack, whose functions are processes. `folder`: for its temporary files."""
    def command(port):
        own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
               "LAMBDA_EXECUTOR": "local", "MINISTACK_REGION": region, "TMPDIR": str(folder)}
        if scheme == "https":
            own["USE_SSL"] = "1"
        return [python, "-m", module], _no_aws() | own | {
            name: value(port) if callable(value) else value for name, value in settings.items()}

    return serving(command, "/_ministack/health", log, scheme=scheme)


def moto(log, *, python=sys.executable):
    return serving(lambda port: ([python, "-m", "moto.server", "--host", "127.0.0.1", "--port", port], _no_aws()),
                   "/moto-api/", log)


def free_port():
    """A port that is free now, chosen by the kernel. Another program can take it meanwhile."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _no_aws():
    """Settings of a person's AWS and of another ministack do not reach a server of a test."""
    return {name: None for name in os.environ if name.startswith(("AWS_", "MINISTACK_"))}


def _is_ready(guard, url, log):
    """False when another program has taken the port meanwhile."""
    deadline = time.monotonic() + READY_WITHIN_S
    while guard.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), _OPENER.open(url, timeout=5) as answer:
            if answer.status == 200:
                return True
        if time.monotonic() > deadline:
            raise SystemExit(f"not ready within {READY_WITHIN_S} s: {guard.args}\n{_end_of(log)}")
        time.sleep(BETWEEN_LOOKS_S)
    if "in use" not in (told := _end_of(log)):
        raise SystemExit(f"ended: {guard.args}\n{told}")
    return False


def _end_of(log):
    return Path(log).read_text("utf-8", "replace")[-4000:]
