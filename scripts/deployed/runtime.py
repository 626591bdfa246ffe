"""Runs a function as Lambda does, over the Runtime API, and measures its process: for figures that no emulator blurs."""

import contextlib
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

ANSWER_WITHIN_S = 840
LOG_BYTES_MAX = 1 << 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call: its answer, how long it took, the CPU time of the process, and its peak memory."""

    answer: dict
    seconds: float
    cpu_s: float
    peak_rss_bytes: int
    # What it wrote to its log: a JSON object a line.
    log: list


class Environment:
    """A process of a function. `init_s`: from its start until it asks for an event."""

    def __init__(self, bootstrap, variables):
        self._events, self._answers, self._asked = queue.Queue(), queue.Queue(), threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= variables | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "measured", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
        # A file, so that what was written before the answer is there with it.
        self._log = tempfile.TemporaryFile()
        self.started = time.monotonic()
        self._process = subprocess.Popen([bootstrap], env=environment, stdout=self._log, stderr=subprocess.DEVNULL)
        if not self._asked.wait(ANSWER_WITHIN_S):
            raise AssertionError(f"{bootstrap} does not ask for an event")
        self.init_s = self.asked - self.started

    def invoke(self, event):
        """Hands the function an event and waits for its answer."""
        with contextlib.suppress(OSError):
            # Peak memory counts from here (proc(5)).
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        cpu, written = self._cpu_s(), os.fstat(self._log.fileno()).st_size
        started = time.monotonic()
        self._events.put(json.dumps(event).encode())
        kind, answer, answered = self._answers.get(timeout=ANSWER_WITHIN_S)
        if kind != "response":
            raise AssertionError(f"the function failed: {answer}")
        log = os.pread(self._log.fileno(), LOG_BYTES_MAX, written).splitlines()
        return Invocation(answer, answered - started, self._cpu_s() - cpu, self._peak_rss_bytes(), list(map(json.loads, log)))

    def close(self):
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._server.shutdown()
        self._server.server_close()

    def _cpu_s(self):
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def _peak_rss_bytes(self):
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0


def unpack(zip_path, folder):
    """The function in a zip, ready to run."""
    with zipfile.ZipFile(zip_path) as zipped:
        path = Path(zipped.extract("bootstrap", folder))
    path.chmod(0o755)
    return str(path)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A function that is ended leaves its connections open."""


def _handler(environment):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            if not environment._asked.is_set():
                environment.asked = time.monotonic()
                environment._asked.set()
            event = environment._events.get()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "r")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + ANSWER_WITHIN_S) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:0:function:measured")
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self):
            answered = time.monotonic()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            environment._answers.put((self.path.rpartition("/")[2], json.loads(body), answered))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
