"""What the functions need: size, start, memory, time, CPU time, and every call that costs money.

ministack stands in for AWS, so the time of a call is mostly its latency on this machine; CPU time, memory and counts of
calls are the functions' own. Lambda's time is at least the CPU time.
"""

import json
import statistics
import tempfile
import uuid
from collections import Counter
from pathlib import Path

from deployed import corpus, gateway, generated
from deployed.calls import subtract
from deployed.runtime import Environment, unpack
from deployed.scenario import deployment
from deployed.stack import DISPATCHER, NORMALIZER

STARTS = 5
KB = 1_000
MB = 1_000_000


def measure(zips, seed):
    """All figures, as JSON would have them."""
    with tempfile.TemporaryDirectory(prefix="sluice-measure-") as folder:
        server = Path(folder, "server")
        server.mkdir()
        with deployment(server) as (stack, proxies):
            bench = _Bench(stack, proxies, zips, Path(folder))
            try:
                return {"zip_bytes": {path.stem: path.stat().st_size for path in sorted(Path(zips).glob("*.zip"))},
                        "calls": bench.calls(seed), "start": bench.starts(seed), "memory": bench.memory(seed)}
            finally:
                bench.close()


class _Bench:
    def __init__(self, stack, proxies, zips, folder):
        self.stack, self.proxies = stack, proxies
        self.bootstraps = {name: unpack(Path(zips, f"{name}.zip"), folder / name)
                           for name in (DISPATCHER, NORMALIZER)}
        self.warm = {name: self.environment(name) for name in self.bootstraps}
        cold = [self.warm[DISPATCHER].invoke(_event([])).log, self.warm[DISPATCHER].invoke(_event([])).log]
        counted = [[line["ColdStart"] for line in log if "ColdStart" in line] for log in cold]
        assert counted == [[1], [0]], f"ColdStart of two invocations: {counted}"

    def environment(self, name):
        variables = self.stack.environment(name) | {
            "AWS_ENDPOINT_URL": self.proxies[name].endpoint, "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "testing"}
        return Environment(self.bootstraps[name], variables)

    def close(self):
        for environment in self.warm.values():
            environment.close()

    def calls(self, seed):
        """Time, CPU time and calls of batches; of each kind the first of its table, and the next."""
        kinds = {
            "1 document": lambda seed, table: generated.single(seed, table, 1, KB),
            "100 documents": lambda seed, table: generated.single(seed, table, 100, KB),
            "1,000 documents": lambda seed, table: generated.single(seed, table, 1_000, KB),
            "5,000 documents": lambda seed, table: generated.single(seed, table, 5_000, KB),
            "1 document of 1,000 records": lambda seed, table: generated.lines(seed, table, 1, 1_000, KB),
        }
        found = []
        for number, (kind, make) in enumerate(kinds.items()):
            for which in ("first", "next"):
                found.append({"batch": kind, "of_table": which} | self.one_batch(make(f"{seed} {kind} {which}", f"orders{number}")))
        return found

    def starts(self, seed):
        """Fresh processes, each with a batch of one document as its first event; medians and the slowest."""
        found = {}
        for name in self.bootstraps:
            init, first = [], []
            for number in range(STARTS):
                documents = generated.single(f"{seed} start {name} {number}", "orders0", 1, KB)
                gateway.put_all(self.stack.s3, documents)
                event = _event([gateway.announcement(documents)])
                if name == NORMALIZER:
                    self.warm[DISPATCHER].invoke(event)
                    event = self.batches()[0]
                environment = self.environment(name)
                invocation = environment.invoke(event)
                environment.close()
                assert [line["ColdStart"] for line in invocation.log if "ColdStart" in line] == [1], invocation.log
                init.append(environment.init_s)
                first.append(environment.init_s + invocation.seconds)
            found[name] = {"starts": STARTS, "init_s": statistics.median(init), "init_max_s": max(init),
                           "first_answer_s": statistics.median(first), "first_answer_max_s": max(first)}
        return found

    def memory(self, seed):
        """Peak memory of fresh processes."""
        real = [post for post in corpus.posts() if post[0] == "GitHub_Webhooks"]
        kinds = {
            "GitHub webhooks": generated.documents(f"{seed} real", real),
            "32 MB, orders": generated.lines(f"{seed} 32", "large", 16, 1_950, KB),
            "32 MB, GitHub webhooks": generated.copies(f"{seed} 32", "wide", 16, [post[2] for post in real], 1_950_000),
        }
        found = []
        for kind, documents in kinds.items():
            for name in self.bootstraps:
                self.warm[name].close()
                self.warm[name] = self.environment(name)
            found.append({"batch": kind} | self.one_batch(documents))
        return found

    def one_batch(self, documents):
        """Documents through both functions, each batch an invocation."""
        gateway.put_all(self.stack.s3, documents)
        before = {name: (Counter(proxy.counts), Counter(proxy.write_units)) for name, proxy in self.proxies.items()}
        event = _event([gateway.announcement([document]) for document in documents])
        dispatched = self.warm[DISPATCHER].invoke(event)
        assert not dispatched.answer.get("batchItemFailures"), dispatched.log
        normalized = [self.warm[NORMALIZER].invoke(batch) for batch in self.batches()]
        for invocation in normalized:
            assert not invocation.answer.get("batchItemFailures"), invocation.log
        counts = {name: (subtract(proxy.counts, before[name][0]), subtract(proxy.write_units, before[name][1]))
                  for name, proxy in self.proxies.items()}
        lines = [line for invocation in normalized for line in invocation.log if "Rows" in line]
        figures = {name: sum(int(line[name]) for line in lines) for name in ("Rows", "Rejects", "PartBytes")}
        return {
            "documents": len(documents), "bytes": sum(len(document.body) for document in documents),
            "batches": len(normalized), "rows": figures["Rows"], "rejects": figures["Rejects"],
            "part_bytes": figures["PartBytes"], "event_bytes": len(json.dumps(event)),
            DISPATCHER: _figures([dispatched], *counts[DISPATCHER]),
            NORMALIZER: _figures(normalized, *counts[NORMALIZER]),
        }

    def batches(self):
        """Takes the messages of all batches from their queue: an event each, as the mapping hands them out."""
        events = []
        while True:
            taken = self.stack.sqs.receive_message(QueueUrl=self.stack.batches, MaxNumberOfMessages=10,
                                                   MessageSystemAttributeNames=["All"]).get("Messages", [])
            if not taken:
                return events
            for message in taken:
                self.stack.sqs.delete_message(QueueUrl=self.stack.batches, ReceiptHandle=message["ReceiptHandle"])
                events.append({"Records": [{
                    "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"], "attributes": message["Attributes"], "eventSource": "aws:sqs"}]})


def _figures(invocations, counts, units):
    return {"seconds": sum(it.seconds for it in invocations), "cpu_s": sum(it.cpu_s for it in invocations),
            "peak_rss_bytes": max((it.peak_rss_bytes for it in invocations), default=0),
            "calls": {str(call): count for call, count in sorted(counts.items())},
            # DynamoDB's, without the index's.
            "write_units": sum(units.values())}


def _event(bodies):
    return {"Records": [{"messageId": str(uuid.uuid4()), "body": body, "attributes": {}, "eventSource": "aws:sqs"}
                        for body in bodies]}


def table(found):
    """The figures as lines to read."""
    yield "zips: " + ", ".join(f"{name} {size:,} B" for name, size in found["zip_bytes"].items())
    for name, start in found["start"].items():
        yield (f"cold start of {name}: init {1000 * start['init_s']:.0f} ms (max {1000 * start['init_max_s']:.0f}), "
               f"first answer {1000 * start['first_answer_s']:.0f} ms (max {1000 * start['first_answer_max_s']:.0f})")
    for batch in (*found["calls"], *found["memory"]):
        of_table = f", {batch['of_table']} of its table" if "of_table" in batch else ""
        yield (f"{batch['batch']}{of_table}: {batch['bytes']:,} B, {batch['batches']} batches, {batch['rows']:,} rows, "
               f"{batch['rejects']} rejects, {batch['part_bytes']:,} B of parts, event {batch['event_bytes']:,} B")
        for name in (DISPATCHER, NORMALIZER):
            told = batch[name]
            yield (f"  {name}: {told['seconds']:.2f} s, CPU {told['cpu_s']:.2f} s, "
                   f"peak {told['peak_rss_bytes'] / MB:.0f} MB")
            if "of_table" in batch:
                yield "    " + ", ".join(f"{call} {count}" for call, count in told["calls"].items())
                yield f"    {told['write_units']} write units of DynamoDB"
