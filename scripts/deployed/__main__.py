"""The functions as they are deployed: the test, or the measurements. See scripts/test-deployed."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from deployed import costs, measure, scenario
from deployed.check import PROBLEMS_SHOWN
from deployed.emulator import REPOSITORY

RUNS = ["plain", "interrupted"]


def main():
    arguments = argparse.ArgumentParser(prog="scripts/test-deployed", description=__doc__)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    arguments.add_argument("--zips", type=Path, default=target / "lambda" / "x86_64")
    arguments.add_argument("--seed", default="1")
    arguments.add_argument("--run", choices=RUNS)
    arguments.add_argument("--measure", action="store_true")
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--costs", type=Path)
    chosen = arguments.parse_args()
    if chosen.costs:
        print("\n".join(costs.table(json.loads(chosen.costs.read_text("utf-8")))))
        return 0
    if not list(chosen.zips.glob("*.zip")):
        raise SystemExit(f"no zips in {chosen.zips}: run scripts/build-functions")
    if chosen.measure:
        return _measure(chosen)
    failed = []
    for name in [chosen.run] if chosen.run else RUNS:
        outcome = scenario.run(name, chosen.zips, f"{chosen.seed} {name}", name == "interrupted")
        _tell(outcome)
        failed += [name] if outcome.problems() else []
    if failed:
        print(f"FAILED with seed {chosen.seed}: {', '.join(failed)}")
    return 1 if failed else 0


def _measure(chosen):
    found = measure.measure(chosen.zips, chosen.seed)
    print("\n".join(measure.table(found)))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0


def _tell(outcome):
    seen, problems = outcome.seen, outcome.problems()
    print(f"{outcome.name}: {seen.documents} documents, {seen.records} records: {seen.rows} rows, {seen.child_rows} "
          f"child rows in {seen.tables} tables, {seen.rejects} rejects; {seen.scalars} scalars compared, "
          f"{seen.sampled} through Athena, {seen.viewed} rows of views through Trino; {seen.batches} batches; {len(outcome.kills)} kills; {outcome.seconds:.0f} s")
    for function, when, call in outcome.kills:
        print(f"    killed {function} {when} {call}")
    for problem in problems[:PROBLEMS_SHOWN]:
        print(f"    WRONG {problem}")
    if len(problems) > PROBLEMS_SHOWN:
        print(f"    and {len(problems) - PROBLEMS_SHOWN} more")
    sys.stdout.flush()


if __name__ == "__main__":
    # As an exception, so that servers and folders go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
