"""Stands between functions and AWS: passes each request on, counts it, and may kill who sent it.

A kill before the request is passed on is a death before the call; one after it is a death that the answer came too late
for. Between them lies every state that a function can leave behind.
"""

import asyncio
import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, field

from deployed import processes
from deployed.calls import call_of, write_units

HEAD_BYTES_MAX = 1 << 20
BEFORE, AFTER = "before", "after"


@dataclass(slots=True)
class Message:
    """A request or an answer: its first line, headers by lower-case name, and all bytes as they came."""

    first: str
    headers: dict[str, str]
    head: bytes
    body: bytes = b""


@dataclass(slots=True)
class Proxy:
    """A proxy of one function. `doom(call)`: BEFORE or AFTER when its sender is to be killed, None to let it live."""

    upstream_port: int
    # Only its descendants are killed.
    ancestor: int = 0
    doom: object = None
    port: int = 0
    counts: Counter = field(default_factory=Counter)
    write_units: Counter = field(default_factory=Counter)
    killed: list = field(default_factory=list)
    _loop: object = None
    _stop: object = None
    _thread: object = None
    _ready: object = field(default_factory=threading.Event)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set_result, None)
        self._thread.join()

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        self._stop = self._loop.create_future()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop
        server.close()

    async def _connection(self, reader, writer):
        upstream = None
        # Either end may be gone at any moment: the other one is closed, and who is left tries again. Cancelled is who
        # still waits for a request when the proxy ends.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (request := await _read(reader, writer)) is not None:
                if upstream is None:
                    upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=HEAD_BYTES_MAX)
                if not await self._pass(request, writer, *upstream):
                    break
        for end in (writer, upstream and upstream[1]):
            if end is not None:
                end.close()

    async def _pass(self, request, writer, from_aws, to_aws):
        """Whether the connection goes on."""
        method, target, _ = request.first.split(" ", 2)
        call = call_of(method, target, request.headers, request.body)
        self.counts[call] += 1
        self.write_units[call] += write_units(call, request.body)
        doom = self.doom(call) if self.doom else None
        if doom == BEFORE and self._kill(call, doom, writer):
            return False
        to_aws.write(request.head + request.body)
        await to_aws.drain()
        answer = await _read(from_aws, None, of_head=method == "HEAD")
        if answer is None or (doom == AFTER and self._kill(call, doom, writer)):
            return False
        writer.write(answer.head + answer.body)
        await writer.drain()
        return answer.headers.get("connection", "").lower() != "close"

    def _kill(self, call, when, writer):
        pid = processes.function_at(writer.get_extra_info("peername")[1], self.port, self.ancestor)
        hit = pid is not None and processes.kill(pid)
        if hit:
            self.killed.append((when, call))
        return hit


async def _read(reader, writer, of_head=False):
    """The next message, None at the end. `writer`: where the sender waits to be told to go on, if it does."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as cut:
            if cut.partial:
                raise
            return None
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        message = Message(first, headers, head)
        answer = first.startswith("HTTP/")
        status = first.split(" ")[1] if answer else ""
        if status.startswith("1"):
            continue
        if of_head or status in ("204", "304"):
            return message
        if writer is not None and headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            message.body = await _chunks(reader)
        else:
            message.body = await reader.readexactly(int(headers.get("content-length", 0)))
        return message


async def _chunks(reader):
    """A chunked body, as it came."""
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        body += line + await reader.readexactly(size + 2)
        if size == 0:
            return bytes(body)
