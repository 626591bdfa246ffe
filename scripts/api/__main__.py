"""Runs the API of the AWS home on emulators and asks it everything. Argument: the Python that has moto."""

import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import servers

from api import accepted, ids, refused, services, states
from api.deployed import Deployed
from api.localstack import localstack

GROUPS = {
    "accepted": accepted.bodies,
    "ids": ids.ids,
    "refused": refused.refusals,
    "services": services.answers,
    "states": states.states,
}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed = 0
    with tempfile.TemporaryDirectory() as folder, \
            servers.moto(Path(folder, "moto.log"), python=sys.argv[1]) as moto, \
            localstack(sys.executable, folder, dynamodb=moto.endpoint) as gateway:
        api = Deployed(gateway.endpoint, moto.endpoint)
        for group, cases in GROUPS.items():
            started, count, wrong = time.monotonic(), 0, 0
            for name, case in cases(api):
                count += 1
                try:
                    case()
                except Exception:
                    wrong += 1
                    print(f"test-api: {group}: {name}", file=sys.stderr)
                    traceback.print_exc()
            failed += wrong
            print(f"== {group}: {count - wrong} of {count} in {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


sys.exit(main())
