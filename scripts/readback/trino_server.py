"""A Trino server of our own: started for one test run, on loopback, ended with it."""

import json
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import servers
import trino
import trino.exceptions

QueryFailed = trino.exceptions.TrinoQueryError
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 10
PORTS_TRIED_MAX = 3

# `local.root` is the catalog property of scripts/trino-server/HdfsFileSystemManager.java: where `local:///` is.
LOCAL = """\
connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local:///metastore
hive.metastore.user=test
hive.security=allow-all
hive.partition-projection-enabled=true
hive.parquet.use-column-names=true
# On S3 a partition without files is an empty listing; a folder that is not there has to be the same.
hive.ignore-absent-partitions=true
local.root={root}
"""
# As Athena finds its tables: by Trino's own client of Glue, files by its own of S3. There is nothing at `local:///`.
GLUE = """\
connector.name=hive
hive.metastore=glue
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.region={region}
hive.metastore.glue.aws-access-key={access_key}
hive.metastore.glue.aws-secret-key={secret_key}
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region={region}
s3.path-style-access=true
s3.aws-access-key={access_key}
s3.aws-secret-key={secret_key}
hive.security=allow-all
hive.partition-projection-enabled=true
hive.parquet.use-column-names=true
local.root=.
"""
CONFIG = """\
node.environment=test
node.id=test
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
coordinator=true
node-scheduler.include-coordinator=true
plugin.dir={home}/plugin
catalog.config-dir={folder}/catalog
query.max-length=4000000
"""
# Small heap, and what starts fast: the queries are many and tiny, so the optimising compiler would never pay.
JVM = ["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto",
       "-Djdk.attach.allowAttachSelf=true", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8"]


class Server:
    """A running server with one catalog."""

    def __init__(self, port, catalog):
        self.port = port
        self.catalog = catalog

    def connect(self):
        # Raw values: Python's datetime has no year 0 and would stumble where Trino does not.
        return trino.dbapi.connect(host="127.0.0.1", port=self.port, user="test", catalog=self.catalog,
                                   legacy_primitive_types=True)


@contextmanager
def running(home, java, root):
    """A server whose `local:///` is the folder `root`. Its own files, and its log, lie in a temporary folder."""
    Path(root, "metastore").mkdir(exist_ok=True)
    with _serving(home, java, "hive", LOCAL.format(root=root)) as (server, process, deadline):
        _make_probe(server.connect().cursor(), Path(root))
        _wait_for_worker(process, server, 'SELECT c FROM "probe"."probe"', deadline)
        yield server


@contextmanager
def on_glue(home, java, probe, **place):
    """A server that reads what Glue knows, under the catalog name that Athena gives it.

    `probe`: a query that reads a file. `place`: endpoint, region, access_key, secret_key.
    """
    with _serving(home, java, "awsdatacatalog", GLUE.format(**place)) as (server, process, deadline):
        _wait_for_worker(process, server, probe, deadline)
        yield server


@contextmanager
def _serving(home, java, catalog, properties):
    with tempfile.TemporaryDirectory(prefix="sluice-trino-") as folder:
        deadline = time.monotonic() + START_SECONDS_MAX
        (Path(folder) / "catalog").mkdir()
        (Path(folder) / f"catalog/{catalog}.properties").write_text(properties)
        process, port = _start(Path(home), java, Path(folder), deadline)
        try:
            yield Server(port, catalog), process, deadline
        finally:
            _stop(process)


def _start(home, java, folder, deadline):
    for _ in range(PORTS_TRIED_MAX):
        port = servers.free_port()
        process = _launch(home, java, folder, port)
        try:
            if _wait_for_answer(process, port, deadline):
                return process, port
        except BaseException:
            _stop(process)
            raise
        log = (folder / "log").read_text(errors="replace")
        # Between asking the kernel for the port and Trino's taking it, another program may have got it.
        if "Address already in use" not in log:
            break
    raise RuntimeError(f"Trino did not start:\n{log[-4000:]}")


def _launch(home, java, folder, port):
    (folder / "config.properties").write_text(CONFIG.format(port=port, home=home, folder=folder))
    (folder / "log.properties").write_text("io=WARN\nBootstrap=WARN\norg=WARN\n")
    classes = f"{home}/start:{home}/lib/*"
    with open(folder / "log", "wb") as log:
        # The pipe is the server's life line: it ends itself when this process is gone (StartTrino.java).
        return subprocess.Popen(
            [java, *JVM, f"-Dconfig={folder}/config.properties", f"-Dlog.levels-file={folder}/log.properties",
             "-cp", classes, "StartTrino"],
            stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd=folder)


def _wait_for_answer(process, port, deadline):
    """True once the server answers, False if it ended."""
    while not _ended(process, deadline):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
                if not json.load(answer)["starting"]:
                    return True
        except OSError:
            pass
    return False


def _make_probe(cursor, root):
    # Not at the top: who reads through Glue has files already, and an environment without pyarrow.
    import pyarrow as pa
    import pyarrow.parquet as pq

    probe = root / "probe"
    probe.mkdir()
    pq.write_table(pa.table({"c": [1]}), probe / "probe.parquet")
    cursor.execute('CREATE SCHEMA "probe"').fetchall()
    cursor.execute("""CREATE TABLE "probe"."probe" (c bigint)
                      WITH (format = 'PARQUET', external_location = 'local:///probe')""").fetchall()


def _wait_for_worker(process, server, query, deadline):
    """Returns once a file can be read: the server takes statements seconds before it has found itself."""
    while not _ended(process, deadline):
        try:
            server.connect().cursor().execute(query).fetchall()
            return
        except trino.exceptions.TrinoQueryError as error:
            if error.error_name != "NO_NODES_AVAILABLE":
                raise
    raise RuntimeError("Trino ended while starting")


def _ended(process, deadline):
    """Whether the server is gone. Waiting for that is the pause between two looks; past the deadline it raises."""
    try:
        process.wait(timeout=0.2)
        return True
    except subprocess.TimeoutExpired:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Trino is not ready after {START_SECONDS_MAX} s") from None
        return False


def _stop(process):
    process.stdin.close()
    try:
        process.wait(timeout=STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
