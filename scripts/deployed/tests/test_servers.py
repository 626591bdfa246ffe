"""Servers of tests: they answer, say why not, and are gone afterwards."""

import socket
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from unittest import mock

import servers


def pages(port):
    return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port], {}


class Servers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name, "log")

    def test_answers_until_the_block_ends(self):
        with servers.serving(pages, "/", self.log) as server:
            urllib.request.urlopen(server.endpoint).close()
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(server.endpoint)

    def test_takes_another_port_where_one_is_taken(self):
        free = servers.free_port
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ports = [taken.getsockname()[1], free()]
            with mock.patch.object(servers, "free_port", lambda: ports.pop(0)), \
                    mock.patch.object(servers, "_OPENER", Deaf(taken.getsockname()[1], servers._OPENER)), \
                    servers.serving(pages, "/", self.log) as server:
                self.assertNotEqual(server.port, taken.getsockname()[1])

    def test_says_why_a_server_ended(self):
        def broken(_port):
            return [sys.executable, "-c", "raise SystemExit('no configuration')"], {}

        with self.assertRaisesRegex(SystemExit, "no configuration"), servers.serving(broken, "/", self.log):
            self.fail("it does not answer")


class Deaf:
    """Asks nothing of one port: who has taken it there does not answer."""

    def __init__(self, port, opener):
        self._port, self._opener = port, opener

    def open(self, url, timeout):
        if url.startswith(f"http://127.0.0.1:{self._port}/"):
            raise urllib.error.URLError("deaf")
        return self._opener.open(url, timeout=timeout)


if __name__ == "__main__":
    unittest.main()
