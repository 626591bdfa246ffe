"""Real documents through the real program: shapes corpora into one lake, a table for each source."""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RUNS = 3
BATCH_BYTES_MIN = 4096
# About so many batches a source: enough for schemas to evolve, few enough to stay quick.
BATCHES = 20


@dataclass(frozen=True, slots=True)
class Source:
    """One corpora folder, to become one table."""

    name: str
    files: dict[str, Path]

    @property
    def table(self):
        return self.name.replace("-", "_")

    @property
    def bytes(self):
        return sum(path.stat().st_size for path in self.files.values())


class SluiceFailed(Exception):
    """The program ended with an error."""


def folder():
    found = Path(os.environ.get("SLUICE_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
    if not (found / "MANIFEST.json").is_file():
        raise SystemExit(f"no corpora in {found}: set SLUICE_CORPORA")
    return found


def binary():
    found = Path(os.environ.get("SLUICE_BIN", REPOSITORY / "target" / "release" / "sluice"))
    if not os.access(found, os.X_OK):
        raise SystemExit(f"no program {found}: build it (cargo build --release) or set SLUICE_BIN")
    return found


def load(name):
    """A source by name, or `name/subfolder` for a part of one."""
    source, _, part = name.partition("/")
    path = folder() / source / "MANIFEST.json"
    if not path.is_file():
        raise SystemExit(f"no source {source} in {folder()}")
    manifest = json.loads(path.read_text("utf-8"))
    paths = [folder() / source / entry["file"] for entry in manifest["files"]
             if entry["file"].startswith(part)]
    if not paths:
        raise SystemExit(f"no files in {name}")
    # The plans name files as they were given: absolute paths, so that the working folder does not matter.
    return Source(name.replace("/", "_").rstrip("_"), {str(path): path for path in paths})


def normalize(source, lake):
    """Shapes a source into the lake in several runs on successive days, so that schemas evolve on the way.

    The first run comes twice: a file given again must add nothing (I-2).
    """
    size = max(BATCH_BYTES_MIN, source.bytes // BATCHES)
    files = list(source.files)
    share = -(-len(files) // RUNS)
    # Relative to today: a table's projection ends tomorrow, whenever this runs.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number, start in [(0, 0), *enumerate(range(0, len(files), share))]:
        received = today - timedelta(days=RUNS - 1 - number)
        _run("normalize", "--table", source.table, "--out", lake, "--batch-size", f"{-(-size // 1024)}KB",
             "--received-at", received.strftime("%Y-%m-%dT%H:%M:%SZ"), *files[start : start + share])


def athena_ddl(lake, location):
    return _run("schema", lake, "--ddl", "athena", "--location", location)


def _run(*arguments):
    done = subprocess.run([binary(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SluiceFailed(f"sluice {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout
