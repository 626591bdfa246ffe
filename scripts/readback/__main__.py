"""Runs the read-back over the corpora: `python -m readback athena|engines [--list | SOURCE...]`."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from readback import athena_ddl, corpora, engines, trino_ddl, trino_server, views
from readback.compare import compare
from readback.lake import REJECTS, registry

# Chosen for conflicts, nesting, lists of lists, odd keys, big numbers, width, and documents that are no JSON.
ATHENA = ["arrow-json", "cloudevents", "cloudtrail-invictus", "delta-logs", "dlt", "duckdb", "geojson",
          "github-webhooks", "jsontestsuite", "mozilla-telemetry", "nativejson", "npm", "panther", "simdjson",
          "snowplow-iglu", "telegraf/docker", "zeek-otrf"]
ENGINES = ["arrow-json", "dlt", "duckdb", "geojson", "jsontestsuite", "mozilla-telemetry", "panther"]
LOCATION = "s3://lake"
PROBLEMS_SHOWN = 10


def main(mode, names):
    selection = {"athena": ATHENA, "engines": ENGINES}[mode]
    if names == ["--list"]:
        print("\n".join(selection))
        return 0
    sources = [corpora.load(name) for name in names or selection]
    with tempfile.TemporaryDirectory(prefix="sluice-readback-") as folder:
        lake = Path(folder, "lake")
        lake.mkdir()
        outcomes = {"athena": through_trino, "engines": through_libraries}[mode](sources, lake)
        passed = [_tell(*outcome) for outcome in outcomes]
    print(f"{passed.count(True)} passed, {passed.count(False)} failed")
    return 0 if passed and all(passed) else 1


def through_libraries(sources, lake):
    """Yields an outcome for each source and engine."""
    for source in sources:
        started = time.monotonic()
        try:
            corpora.normalize(source, lake)
        except corpora.SluiceFailed as failure:
            yield source.name, None, [str(failure)], time.monotonic() - started
            continue
        for engine in (engines.PyArrow(lake), engines.DuckDb(lake)):
            report = compare(lake, source.table, source.files, engine.rows)
            yield f"{source.name} ({engine.name})", report, report.problems, time.monotonic() - started
            started = time.monotonic()


def through_trino(sources, lake):
    """Yields an outcome for each source."""
    started, failures = time.monotonic(), {}
    for source in sources:
        try:
            corpora.normalize(source, lake)
        except corpora.SluiceFailed as failure:
            failures[source.name] = str(failure)
    statements = athena_ddl.parse(corpora.athena_ddl(lake, LOCATION))
    print(f"shaped {len(sources)} sources in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    with trino_server.running(os.environ["SLUICE_TRINO_HOME"], os.environ["SLUICE_JAVA"], lake.parent) as server:
        print(f"Trino ready after {time.monotonic() - started:.1f} s", flush=True)
        catalog = Catalog(server, statements, lake)
        for source in sources:
            started = time.monotonic()
            if source.name in failures:
                yield source.name, None, [failures[source.name]], 0.0
                continue
            try:
                report = catalog.check(source)
            except engines.QueryFailed as failure:
                yield source.name, None, [str(failure)], time.monotonic() - started
                continue
            yield source.name, report, report.problems, time.monotonic() - started


class Catalog:
    """What Athena would be told, told to Trino table by table."""

    def __init__(self, server, statements, lake):
        self.lake = lake
        self.trino = engines.Trino(server.connect())
        self.tables = {one.name: one for one in statements if isinstance(one, athena_ddl.ExternalTable)}
        self.views = {one.name: one for one in statements if isinstance(one, athena_ddl.View)}
        self.drops = {one.name: one for one in statements if isinstance(one, athena_ddl.Drop)}
        self.rows = {}
        for schema in {one.schema for one in (*self.tables.values(), *self.views.values())}:
            self.trino.select(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        if REJECTS in self.tables:
            self._declare(REJECTS)

    def check(self, source):
        tables = registry(self.lake, source.table)
        undeclared = [name for name in tables if name not in self.tables or name not in self.views]
        if REJECTS not in self.tables and Path(self.lake, REJECTS).is_dir():
            undeclared.append(REJECTS)
        if undeclared:
            raise engines.QueryFailed(f"no table or view declared for {undeclared}")
        for name in tables:
            self._declare(name)
        report = compare(self.lake, source.table, source.files, self.select_all)
        for name, table in tables.items():
            report.problems.extend(self._check_table(name, table))
        report.problems.extend(self._check_rejects())
        return report

    def select_all(self, name):
        """A physical table's rows, read once."""
        if name not in self.rows:
            # Without rejects there is no table of them either.
            self.rows[name] = self.trino.rows(name) if name in self.tables else []
        return self.rows[name]

    def _check_table(self, name, table):
        yield from views.check_declared(table, self.tables[name])
        physical = self.select_all(name)
        view = self.views[name]
        yield from views.check_view(table, physical, *self.trino.read(f'SELECT * FROM "{view.schema}"."{name}"'))
        if (probe := views.probe(table, physical)) is not None:
            condition, count = probe
            found = self.trino.select(f'SELECT count(*) AS n FROM "lake_files"."{name}" WHERE {condition}')[0]["n"]
            if found != count:
                yield f"{name} has {count} rows WHERE {condition}, found {found}"

    def _check_rejects(self):
        if REJECTS in self.tables:
            yield from views.check_declared_rejects(self.tables[REJECTS])
            view = self.views[REJECTS]
            yield from views.check_rejects_view(
                self.select_all(REJECTS), *self.trino.read(f'SELECT * FROM "{view.schema}"."{REJECTS}"'))

    def _declare(self, name):
        # A table of rejects only has no folder yet. Trino wants one; on S3 there are none.
        location = self.tables[name].location.removeprefix(f"{LOCATION}/")
        Path(self.lake, location).mkdir(parents=True, exist_ok=True)
        # Twice, since a person runs the statements again whenever the table has grown.
        for statement in 2 * [self.drops[name], self.tables[name], self.views[name]]:
            self.trino.select(trino_ddl.to_trino(statement, {LOCATION: "local:///lake"}))


def _tell(name, report, problems, seconds):
    counts = ""
    if report is not None:
        counts = (f"{report.records:>6} records {report.rows:>7} rows {report.rejects:>4} rejects "
                  f"{report.scalars:>8} scalars")
    print(f"{'FAILED' if problems else 'ok':<6} {name:<28} {counts} {seconds:6.1f} s", flush=True)
    for problem in problems[:PROBLEMS_SHOWN]:
        print(f"       {problem}")
    if len(problems) > PROBLEMS_SHOWN:
        print(f"       and {len(problems) - PROBLEMS_SHOWN} more")
    return not problems


if __name__ == "__main__":
    # As an exception, so that the server and the temporary folder go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
