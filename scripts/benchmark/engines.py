"""The two engines: the command that turns a file into Parquet, and the settings each is given."""

import json
import pathlib
import sys
from dataclasses import dataclass

import measure

HERE = pathlib.Path(__file__).parent
TABLE = "bench"

# DuckDB's settings are those with which it was fastest (2.0.0, two threads, 256 MB):
# - The order of rows is not kept, and each thread writes a file of its own: 5 to 15 % faster, and Sluice
#   too writes several files.
# - `mixed` needs field_appearance_threshold = 0: with the default, DuckDB reads documents of many kinds as
#   one column of MAP(VARCHAR, JSON), which types nothing.
# - `mixed` has row groups of 16384 rows: with the default of 122880 it takes a fifth longer and 9 GB.
READ_OPTIONS = {"mixed": "field_appearance_threshold = 0"}
COPY_OPTIONS = {"mixed": "ROW_GROUP_SIZE 16384"}

# How many records DuckDB looks at before it fixes the schema. Sluice looks at every record; DuckDB does
# with -1, at the price of parsing the file twice. The default is used where its result is the same.
SAMPLING = {"default": "", "full": "sample_size = -1"}

# `mixed` has more columns than a table may have without a setting.
SLUICE_CONFIG = {"mixed": f"tables:\n  {TABLE}:\n    limits:\n      columns: 5000\n"}


@dataclass(frozen=True)
class Run:
    """One run of one engine. `process` is the whole child; wall and CPU leave out the start of Python."""

    wall_s: float
    cpu_s: float
    process: measure.Measured
    output_bytes: int
    parts: int
    base_bytes: int = 0  # resident before the engine began


@dataclass(frozen=True)
class Sluice:
    binary: pathlib.Path
    threads: int
    batch_size: str | None  # None: the command's default
    name: str = "sluice"

    def run(self, workload: str, source: pathlib.Path, folder: pathlib.Path) -> Run:
        """Writes the lake of `source` to `folder`/out. `folder` is empty."""
        out = folder / "out"
        command = [str(self.binary), "normalize", "--table", TABLE, "--out", str(out), "--threads", str(self.threads)]
        command += ["--format", "json"]
        if self.batch_size is not None:
            command += ["--batch-size", self.batch_size]
        if workload in SLUICE_CONFIG:
            config = folder / "sluice.yaml"
            config.write_text(SLUICE_CONFIG[workload])
            command += ["--config", str(config)]
        process = measure.run([*command, str(source)], folder)
        return Run(process.wall_s, process.cpu_s, process, measure.size_bytes(out), measure.parts(out))


@dataclass(frozen=True)
class DuckDB:
    threads: int
    sampling: str  # a key of SAMPLING
    name: str = "duckdb"

    def statements(self, workload: str, source: pathlib.Path, out: pathlib.Path) -> list[str]:
        reading = ", ".join(filter(None, [f"'{source}'", READ_OPTIONS.get(workload), SAMPLING[self.sampling]]))
        writing = ", ".join(
            filter(None, ["FORMAT parquet", "COMPRESSION zstd", "PER_THREAD_OUTPUT", COPY_OPTIONS.get(workload)])
        )
        return [
            f"SET threads = {self.threads}",
            "SET preserve_insertion_order = false",
            f"COPY (SELECT * FROM read_ndjson({reading})) TO '{out}' ({writing})",
        ]

    def run(self, workload: str, source: pathlib.Path, folder: pathlib.Path) -> Run:
        """Writes `source` as Parquet to `folder`/out. `folder` is empty."""
        out = folder / "out"
        statements = self.statements(workload, source, out)
        process = measure.run([sys.executable, "-I", str(HERE / "duckdb_job.py"), json.dumps(statements)], folder)
        inside = json.loads(process.stdout)
        return Run(
            inside["wall_s"],
            inside["cpu_s"],
            process,
            measure.size_bytes(out),
            measure.parts(out),
            inside["base_bytes"],
        )
