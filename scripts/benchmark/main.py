"""Benchmark of `sluice normalize` against DuckDB: NDJSON to zstd Parquet, results compared."""

import argparse
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import engines
import measure
import report

HERE = pathlib.Path(__file__).parent
WORKLOADS = {"flat": "event_id", "nested": "id", "mixed": "id"}  # name and key of a document

EPILOG = """\
Both engines read the same file and write to an empty directory. They run in turns, after one
warm-up each. The figures are medians; CPU is user and system time, peak the largest resident set,
MB are 10^6 bytes. DuckDB's wall and CPU leave out the start of Python and the import; its peak
includes them.

Before anything is timed, what both wrote is compared: the rows of every table, and of every column
count, min, max, sum and a sum of hashes that depends on the row. A difference ends the benchmark
with status 1. `scripts/bench --self-test` tests the comparison itself.

environment:
  SLUICE_BIN    the binary to measure (default: target/release/sluice of this checkout)
  SLUICE_CACHE  documents, outputs and DuckDB are kept here (default: ~/.cache/sluice)
  PYTHON        a Python of at least 3.11 (default: python3)

exit status: 0 measured; 1 a difference, or an engine failed; 2 usage
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workload", action="append", choices=list(WORKLOADS), help="only this; may be repeated")
    parser.add_argument("--size-mb", type=int, default=256, help="size of each workload's file (default: 256)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each engine (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the documents (default: 1)")
    parser.add_argument("--threads", type=int, default=2, help="threads of each engine (default: 2)")
    parser.add_argument("--batch-size", help="passed to sluice (default: its own default)")
    parser.add_argument(
        "--sampling",
        choices=("auto", *engines.SAMPLING),
        default="auto",
        help="how DuckDB finds the schema: from its default sample, or from all records (sample_size = -1); "
        "auto takes the sample if its result equals Sluice's, and runs the other once for information",
    )
    parser.add_argument("--only", choices=("sluice", "duckdb"), help="one engine, nothing compared")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--keep", action="store_true", help="keep what the warm-ups wrote")
    given = parser.parse_args()
    for name in ("size_mb", "runs", "threads"):
        if getattr(given, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return given


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def child(script: str, *parameters: object) -> str:
    """Standard output of one of our scripts. What takes memory runs in a child: a process inherits the peak of
    the one that starts it."""
    command = [sys.executable, str(HERE / script), *map(str, parameters)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def environment() -> dict[str, object]:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next(line for line in lines if line.startswith("model name")).split(":")[1].strip()
    except (OSError, StopIteration):
        cpu = os.uname().machine
    version = importlib.metadata.version("duckdb")
    return {"cpu": cpu, "cores": os.cpu_count(), "load": os.getloadavg()[0], "duckdb": version}


class Bench:
    """One workload's runs, in directories below `work`."""

    def __init__(self, given: argparse.Namespace, name: str, source: pathlib.Path, work: pathlib.Path) -> None:
        self.given = given
        self.name = name
        self.source = source
        self.work = work
        self.notes: list[str] = []

    def warm_up(self, engine, label: str) -> pathlib.Path:
        """The output of a run, which stays."""
        folder = self.work / f"{self.name}-{label}"
        folder.mkdir()
        say(f"{self.name}: warm-up of {label}")
        engine.run(self.name, self.source, folder)
        return folder / "out"

    def timed(self, engine) -> engines.Run:
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            return engine.run(self.name, self.source, pathlib.Path(folder))

    def compared(self, lake: pathlib.Path, other: pathlib.Path) -> dict:
        say(f"{self.name}: comparing the outputs")
        return json.loads(child("compare.py", lake, other, WORKLOADS[self.name], self.given.threads))

    def choose_sampling(self, sluice: engines.Sluice) -> engines.DuckDB | None:
        """DuckDB with the cheapest sampling whose result is right; None if no result equals Sluice's."""
        lake = self.warm_up(sluice, "sluice")
        wanted = [*engines.SAMPLING] if self.given.sampling == "auto" else [self.given.sampling]
        differences: list[str] = []
        for sampling in wanted:
            duckdb = engines.DuckDB(self.given.threads, sampling)
            out = self.warm_up(duckdb, f"duckdb-{sampling}")
            found = self.compared(lake, out)
            if not found["differences"]:
                rows = ", ".join(f"{table} {count:,}" for table, count in found["rows"].items())
                if len(found["rows"]) > 4:
                    rows = f"{sum(found['rows'].values()):,} in {len(found['rows'])} tables"
                self.notes.append(f"outputs equal: {found['columns']} columns; rows: {rows}")
                if differences:
                    self.notes.append(f"DuckDB reads all records first: with its sample, {differences[0]}")
                return duckdb
            differences = found["differences"]
        say(f"{self.name}: the outputs differ in {len(differences)} points:")
        for line in differences[:20]:
            say(f"  {line}")
        return None

    def result(self) -> dict | None:
        """The workload's figures, or None if the outputs differ."""
        given = self.given
        sluice = engines.Sluice(binary(), given.threads, given.batch_size)
        duckdb = engines.DuckDB(given.threads, "default" if given.sampling == "auto" else given.sampling)
        if given.only is None:
            chosen = self.choose_sampling(sluice)
            if chosen is None:
                return None
            duckdb = chosen
            engines_in_turn = [sluice, duckdb]
        else:
            engines_in_turn = [sluice if given.only == "sluice" else duckdb]
            self.warm_up(engines_in_turn[0], given.only)
            self.notes.append("nothing compared")
        runs: dict[str, list[engines.Run]] = {engine.name: [] for engine in engines_in_turn}
        for number in range(given.runs):
            say(f"{self.name}: run {number + 1} of {given.runs}")
            for engine in engines_in_turn:
                runs[engine.name].append(self.timed(engine))

        size = self.source.stat().st_size
        figures = {name: report.summarize(some, size) for name, some in runs.items()}
        result = {"input_bytes": size, "documents": documents(self.source), "engines": figures}
        if duckdb.name in runs:
            result["duckdb_sampling"] = duckdb.sampling
            result["duckdb_statements"] = duckdb.statements(
                self.name, pathlib.Path(self.source.name), pathlib.Path("out")
            )
            startup = figures["duckdb"]["startup_s"]["median"]
            how = "its default sample" if duckdb.sampling == "default" else "sample_size = -1"
            self.notes.append(f"duckdb: schema from {how}; start of Python left out: {startup:.2f} s")
            base_mb = runs["duckdb"][-1].base_bytes / report.MB
            result["duckdb_base_mb"] = base_mb
            self.notes.append(f"duckdb: its peak includes Python and the library, {base_mb:.0f} MB when it begins")
        if duckdb.sampling == "default" and given.sampling == "auto" and given.only is None:
            full = self.timed(engines.DuckDB(given.threads, "full"))
            result["duckdb_full_wall_s"] = full.wall_s
            self.notes.append(f"duckdb with sample_size = -1, which looks at every record too: {full.wall_s:.2f} s")
        if len(figures) == 2:
            result["ratios"] = report.ratios(figures["sluice"], figures["duckdb"])
        result["notes"] = self.notes
        return result


def documents(source: pathlib.Path) -> int:
    with open(source, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def binary() -> pathlib.Path:
    return pathlib.Path(os.environ.get("SLUICE_BIN") or HERE.parents[1] / "target/release/sluice").absolute()


def main() -> int:
    given = arguments()
    if given.only != "duckdb" and not os.access(binary(), os.X_OK):
        say(f"scripts/bench: no binary at {binary()}: run `cargo build --release`, or set SLUICE_BIN")
        return 2
    cache = pathlib.Path(os.environ.get("SLUICE_CACHE") or "~/.cache/sluice").expanduser().absolute()
    cache.mkdir(parents=True, exist_ok=True)
    results: dict[str, object] = {
        "environment": environment(),
        "threads": given.threads,
        "seed": given.seed,
        "workloads": {},
        "notes": [],
    }
    load, cores = results["environment"]["load"], results["environment"]["cores"]
    if load > cores / 2:
        results["notes"].append("The machine was busy with other work: read the CPU column, not the wall clock.")
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-out-", dir=cache))
    try:
        for name in given.workload or WORKLOADS:
            say(f"{name}: documents")
            source = pathlib.Path(child("corpus.py", cache, name, given.seed, given.size_mb).strip())
            found = Bench(given, name, source, work).result()
            if found is None:
                return 1
            results["workloads"][name] = found
    except (measure.ChildFailed, subprocess.CalledProcessError) as error:
        say(f"scripts/bench: {error}")
        return 1
    finally:
        if given.keep:
            say(f"outputs kept in {work}")
        else:
            shutil.rmtree(work)
    print(json.dumps(results, indent=2) if given.format == "json" else report.table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
