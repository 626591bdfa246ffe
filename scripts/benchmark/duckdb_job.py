"""Child process: runs the SQL statements of its argument (a JSON array) in DuckDB.

Prints what they took as JSON; the start of Python and the import are left out in DuckDB's favour.
"""

import json
import resource
import sys
import time

import duckdb


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes() -> int:
    kilobytes = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobytes


def main() -> None:
    base_bytes = peak_bytes()
    wall_before, cpu_before = time.perf_counter(), cpu_s()
    with duckdb.connect() as connection:
        for statement in json.loads(sys.argv[1]):
            connection.execute(statement)
    wall_s = time.perf_counter() - wall_before
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s() - cpu_before, "base_bytes": base_bytes}))


if __name__ == "__main__":
    main()
