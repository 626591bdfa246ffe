"""Child process: generated NDJSON files, kept outside the checkout and made once for each (workload, seed, size)."""

import hashlib
import multiprocessing
import os
import pathlib
import sys

from flat import Flat
from mixed import Mixed
from nested import Nested

WORKLOADS = {workload.name: workload for workload in (Flat, Nested, Mixed)}

CHUNK_BYTES_MIN = 4 << 20  # a unit of generation: its text depends on workload, seed and index only
PROCESSES = 2
# The generator's version: the text of the modules that decide what is generated.
SOURCES = ("corpus.py", "flat.py", "mixed.py", "nested.py", "pools.py")

_renderer = None


def version() -> str:
    here = pathlib.Path(__file__).parent
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update((here / source).read_bytes())
    return digest.hexdigest()[:10]


def _start(workload: str, seed: int) -> None:
    global _renderer
    _renderer = WORKLOADS[workload](seed)


def _chunk(task: tuple[int, int]) -> bytes:
    return _renderer.chunk(*task)


def obtain(cache: pathlib.Path, workload: str, seed: int, size_mb: int) -> pathlib.Path:
    """The workload's file of at least `size_mb` (a few per cent more), written if the cache lacks it."""
    folder = cache / "bench-corpus"
    path = folder / f"{workload}-s{seed}-{size_mb}mb-{version()}.ndjson"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    for outdated in folder.glob(f"{workload}-s{seed}-{size_mb}mb-*.ndjson"):
        outdated.unlink()
    size = size_mb * 1_000_000
    tasks = [(index, min(CHUNK_BYTES_MIN, size - start)) for index, start in enumerate(range(0, size, CHUNK_BYTES_MIN))]
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with (
            multiprocessing.Pool(PROCESSES, initializer=_start, initargs=(workload, seed)) as pool,
            open(partial, "wb") as out,
        ):
            for text in pool.imap(_chunk, tasks):
                out.write(text)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


if __name__ == "__main__":
    print(obtain(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
