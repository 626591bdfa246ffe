"""scripts/rebuild against a function that answers as told: what it asks for, and how often."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

REBUILD = Path(__file__).resolve().parents[2] / "rebuild"

# Stands in for the AWS CLI: keeps the payload, answers with the next file. A function's answer goes into the last argument.
CLI = """#!/usr/bin/env bash
set -euo pipefail
previous=''
for argument in "$@"; do
  [ "$previous" != --payload ] || { cat "${argument#fileb://}"; echo; } >>"$STAND_IN/asked"
  previous=$argument
done
cp "$STAND_IN/answer$(wc -l <"$STAND_IN/asked" | tr -d ' ')" "$previous"
echo '{"StatusCode":200}'
"""

DROPPED = [{"generation": 2, "tables": ["sluice_g2__orders"], "parts": 3, "bytes": 9}]


def data(state, next_, generation, **more):
    of_rebuild = {"batches": 1, "documents": 2, "removed": 0, "open": 0, "from": 1, "generation": generation}
    return {"success": True, "data": {"table": "orders", "state": state, "next": next_} | of_rebuild | more}


def types(*arguments, answers):
    """Runs it; answers how it ended, and the action and generation of each call."""
    with tempfile.TemporaryDirectory(prefix="sluice-rebuild-") as name:
        folder = Path(name)
        (folder / "asked").touch()
        for number, answer in enumerate(answers, 1):
            (folder / f"answer{number}").write_text(json.dumps(answer))
        (folder / "aws").write_text(CLI)
        (folder / "aws").chmod(0o755)
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "STAND_IN": name, "SLUICE_REBUILD_PAUSE": "0"}
        done = subprocess.run([REBUILD, "orders", *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, env=environment, timeout=60)
        asked = [json.loads(line) for line in (folder / "asked").read_text().splitlines()]
        return done, [(call["action"], call["generation"]) for call in asked]


class RebuildScript(unittest.TestCase):
    def test_a_drop_goes_on_until_it_is_done_with_the_rebuild_it_began_with(self):
        done, asked = types("--drop", answers=[
            data("dropping", "wait", 2), data("dropped", "step", 2, dropped=DROPPED), data("dropped", "done", 2)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(asked, [("drop", None), ("drop", 2), ("drop", 2)])
        self.assertIn("removed: generation 2, 3 parts, 9 bytes; sluice_g2__orders", done.stdout)

    def test_what_is_only_told_is_asked_once(self):
        for next_, told in [("done", ""), ("step", "more than could be counted")]:
            done, asked = types("--drop", "--dry-run", answers=[data("ready", next_, 2, dropped=DROPPED)])
            self.assertEqual((done.returncode, asked), (0, [("drop", None)]))
            self.assertIn("would be removed: generation 2", done.stdout)
            self.assertIn(told, done.stderr)

    def test_one_begins_once_the_one_before_is_put_away(self):
        done, asked = types(answers=[data("dropping", "wait", 2), data("replaying", "wait", 3), data("ready", "decide", 3)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([action for action, _ in asked], ["start", "start", "step"])
        self.assertIn("generation 3 is ready", done.stdout)

    def test_a_refusal_is_told_and_fails(self):
        refusal = {"success": False, "error": {"code": "switching", "message": "it is being switched to"}}
        done, asked = types("--drop", answers=[refusal])
        self.assertEqual((done.returncode, asked), (1, [("drop", None)]))
        self.assertIn("it is being switched to", done.stderr)

    def test_json_is_one_line(self):
        done, _ = types("--drop", "--json", answers=[data("dropping", "wait", 2), data("dropped", "done", 2, dropped=DROPPED)])
        self.assertEqual(json.loads(done.stdout)["data"]["dropped"], DROPPED)


if __name__ == "__main__":
    unittest.main()
