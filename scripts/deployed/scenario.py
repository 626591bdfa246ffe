"""Documents through a deployment: once as everything should go, once with repetitions and deaths."""

import contextlib
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from deployed import corpus, gateway, lake, ledger
from deployed.check import Seen, check
from deployed.emulator import ministack
from deployed.kills import Kills
from deployed.proxy import Proxy
from deployed.stack import DISPATCHER, NORMALIZER, Stack
from deployed.waiting import TooLate, until

WAVES = 3
KILLS_A_WAVE = 3
# About the calls of an invocation, and those of them that change something, so that deaths come anywhere in it.
CALLS_MAX = {DISPATCHER: (20, 4), NORMALIZER: (120, 50)}
WAVE_WITHIN_S = 600
ANNOUNCED_WITHIN_S = 60
ANNOUNCEMENTS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run was and what was seen of it."""

    name: str
    seen: Seen
    interrupted: bool
    kills: list
    seconds: float

    def problems(self):
        """What differs from what must be, the test's own means included."""
        found = list(self.seen.problems)
        for function in CALLS_MAX if self.interrupted else ():
            if not any(killed == function for killed, *_ in self.kills):
                found.append(f"no {function} was killed")
        return found


@contextlib.contextmanager
def deployment(folder):
    """A ministack of its own with the stores, and a proxy a function: `(stack, proxies)`."""
    with ministack(folder) as emulator, contextlib.ExitStack() as open_proxies:
        proxies = {name: open_proxies.enter_context(Proxy(emulator.port, emulator.guard_pid))
                   for name in (DISPATCHER, NORMALIZER)}
        stack = Stack(emulator)
        stack.make_stores()
        yield stack, proxies


def run(name, zips, seed, interrupted):
    """`interrupted`: every event comes twice, and functions are killed midway."""
    started = time.monotonic()
    documents = corpus.load(seed, int(time.time() * 1000))
    with tempfile.TemporaryDirectory(prefix="sluice-deployed-") as folder:
        server_folder = Path(folder, "server")
        server_folder.mkdir()
        with deployment(server_folder) as (stack, proxies):
            try:
                seen = _through(stack, proxies, zips, documents, seed, interrupted, Path(folder, "lake"))
            except (TooLate, AssertionError):
                # The folder goes with the run, and what went wrong stands in the functions' log.
                print(stack.emulator.log.read_text("utf-8", "replace")[-8000:])
                raise
        kills = [(function, *kill) for function, proxy in proxies.items() for kill in proxy.killed]
    return Outcome(name, seen, interrupted, kills, time.monotonic() - started)


def _through(stack, proxies, zips, documents, seed, interrupted, folder):
    stack.deploy(zips, {name: proxy.endpoint for name, proxy in proxies.items()})
    # S3 announces itself when notifications are configured; that is no document.
    expected = until("S3's test event", lambda: stack.messages(stack.announcements), ANNOUNCED_WITHIN_S)
    waves = WAVES if interrupted else 1
    for name, proxy in proxies.items() if interrupted else ():
        proxy.doom = Kills(f"{seed} {name}", *CALLS_MAX[name])
    done = []
    for wave in (documents[start::waves] for start in range(waves)):
        gateway.put_all(stack.s3, wave)
        expected += len(wave)
        if interrupted:
            expected += announce(stack, wave, seed)
            for proxy in proxies.values():
                proxy.doom.allow(KILLS_A_WAVE)
        # All announcements wait before the first is handed out: that is the mapping's window, and ministack loses
        # messages that come in the moment in which others are deleted.
        until(f"{expected} announcements", lambda: stack.messages(stack.announcements) >= expected, ANNOUNCED_WITHIN_S)
        stack.gate(True)
        done += wave
        settle(stack, done)
        stack.gate(False)
        expected = 0
    if interrupted:
        _repeat(stack, proxies, documents, seed)
    return check(stack, documents, folder)


def announce(stack, documents, seed):
    """Tells of documents again, in other companies than S3 does; the messages it took."""
    rng = random.Random(f"{seed} announce")
    rest, bodies = list(documents), []
    rng.shuffle(rest)
    while rest:
        count = rng.choice([1, 1, 1, 7, 40])
        bodies.append(gateway.announcement(rest[:count]))
        del rest[:count]
    for start in range(0, len(bodies), ANNOUNCEMENTS_AT_ONCE):
        entries = [{"Id": str(at), "MessageBody": body}
                   for at, body in enumerate(bodies[start : start + ANNOUNCEMENTS_AT_ONCE])]
        stack.sqs.send_message_batch(QueueUrl=stack.announcements, Entries=entries)
    return len(bodies)


def settle(stack, documents):
    """Waits until every document is what it will be, and nothing is on its way."""
    ids = {document.id for document in documents}

    def final():
        states = ledger.states(stack.dynamodb)
        return all(states.get(document) in ledger.FINAL for document in ids)

    def lacking():
        states = ledger.states(stack.dynamodb)
        open_ids = [document for document in ids if states.get(document) not in ledger.FINAL]
        queues = {queue.rsplit("/", 1)[-1]: stack.messages(queue)
                  for queue in (stack.announcements, stack.batches, *stack.dead)}
        return f"{len(open_ids)} of {len(ids)} documents are open, such as {open_ids[:3]}; messages: {queues}"

    until(lacking, final, WAVE_WITHIN_S)
    until(lacking, lambda: not stack.messages(stack.announcements) and not stack.messages(stack.batches),
          WAVE_WITHIN_S)
    until("all batches are committed",
          lambda: all(batch["state"] == "committed" for batch in ledger.batches(stack.dynamodb)), WAVE_WITHIN_S)


def _repeat(stack, proxies, documents, seed):
    """Events that come once more after all is over change nothing."""
    for proxy in proxies.values():
        proxy.doom = None
    before = lake.objects(stack.s3)
    announce(stack, documents, f"{seed} again")
    stack.gate(True)
    settle(stack, documents)
    stack.gate(False)
    after = lake.objects(stack.s3)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert not changed, f"events that came again changed {sorted(changed)[:5]}"
