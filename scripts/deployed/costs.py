"""What the platform costs on AWS and how much it takes: measured calls and CPU time, times AWS's prices and latencies.

Prices are those of us-east-1 in dollars, from the pages of the services; free tiers are not counted.
"""

from dataclasses import dataclass

MILLION = 1_000_000
# Per million.
GATEWAY_REQUEST = 3.50
S3 = {"PUT": 5.00, "LIST": 5.00, "GET": 0.40, "HEAD": 0.40}
SQS_STANDARD, SQS_FIFO = 0.40, 0.50
WRITE_UNIT, READ_UNIT = 0.625, 0.125
GLUE_CALL = 1.00
LAMBDA_REQUEST, LAMBDA_GB_SECOND = 0.20, 13.3334
# A gigabyte of logs.
LOG_GB = 0.50
# Firehose: a gigabyte taken in and converted to Parquet, each record rounded up to 5 KB.
FIREHOSE_GB, FIREHOSE_RECORD_KB_MIN = 0.029 + 0.018, 5
FIREHOSE_RECORDS_A_CALL = 500

# What the root template gives the functions, GB.
MEMORY_GB = {"dispatcher": 512 / 1024, "normalizer": 1769 / 1024}
# How many calls are under way at once (GETS_AT_ONCE, DOCUMENT_WRITES_AT_ONCE of the adapters) and how long one takes.
# AWS promises no latencies; these are usual ones for small objects and items within a region.
AT_ONCE = 64
SECONDS = {"s3": 0.030, "dynamodb": 0.008, "sqs": 0.010, "glue": 0.050, "events": 0.020}
# The emulator speaks no TLS, and a vCPU of Lambda may be slower than the core that was measured on.
CPU_FACTOR = 2
# Below 1,769 MB a function has a part of a vCPU.
CPU_OF = {name: min(1.0, gb * 1024 / 1769) for name, gb in MEMORY_GB.items()}
# A batch's item enters two indexes and leaves one.
INDEX_WRITES_A_BATCH = 3
# The last line that a function logs, the platform's own, and Lambda's three.
LOG_BYTES_AN_INVOCATION = 2_000
ACCESS_LOG_BYTES = 400
# Lambda takes 10 messages at once from a standard queue, and removes them in tens.
MESSAGES_A_POLL = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A measured batch: the next one of a known table, everything warm."""

    name: str
    documents: int
    records: int
    megabytes: float
    functions: dict

    def seconds(self, function):
        """The time that Lambda bills: waiting, in the order of the calls, and computing."""
        told = self.functions[function]
        waits = 0.0
        for call, count in told["calls"].items():
            service = call.split()[0]
            waits += SECONDS[service] * -(-count // AT_ONCE if "document" in call else -count)
        return waits + told["cpu_s"] * CPU_FACTOR / CPU_OF[function]

    def cost(self):
        """Dollars of the batch, by service."""
        calls = {}
        for told in self.functions.values():
            for call, count in told["calls"].items():
                calls[call] = calls.get(call, 0) + count
        def sum_of(service, price):
            return sum(count * price(call.split()[1]) for call, count in calls.items() if call.startswith(service))
        writes = sum(told["write_units"] for told in self.functions.values()) + INDEX_WRITES_A_BATCH
        announcements = self.documents * (1 + 2 / MESSAGES_A_POLL)
        logs = self.documents * ACCESS_LOG_BYTES + 2 * LOG_BYTES_AN_INVOCATION
        gb_seconds = sum(self.seconds(name) * gb for name, gb in MEMORY_GB.items())
        return {
            "API Gateway": self.documents * GATEWAY_REQUEST / MILLION,
            "S3 requests": (self.documents * S3["PUT"] + sum_of("s3", lambda method: S3[method])) / MILLION,
            "DynamoDB": (writes * WRITE_UNIT
                         + sum_of("dynamodb", lambda operation: READ_UNIT if operation == "GetItem" else 0)) / MILLION,
            # The message of a batch is sent, received and deleted.
            "SQS": (announcements * SQS_STANDARD + 3 * SQS_FIFO) / MILLION,
            "Lambda": (2 * LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND) / MILLION,
            "Logs": logs / 1e9 * LOG_GB,
        }

    def batch_seconds(self):
        return self.seconds("normalizer")


def cases(measured):
    """The next batches of a known table, by size."""
    return [_case(told) for told in measured["calls"] if told["of_table"] == "next"]


def _case(told):
    # Measured records have 1 KB, and of the documents there each is one record, or a thousand.
    records = 1_000 * told["documents"] if "records" in told["batch"] else told["documents"]
    functions = {name: told[name] for name in MEMORY_GB}
    return Case(told["batch"], told["documents"], records, told["bytes"] / MILLION, functions)


def table(measured):
    """The page's tables, as Markdown."""
    found = cases(measured)
    lines = ["Dollars per million records of 1 KB:", ""]
    lines += ["| batch | " + " | ".join(found[0].cost()) + " | together |", "|---|" + "---|" * (len(found[0].cost()) + 1)]
    for case in found:
        costs = {name: dollars / case.records * MILLION for name, dollars in case.cost().items()}
        cells = [f"{dollars:.2f}" if dollars >= 0.005 else f"{dollars:.4f}" for dollars in costs.values()]
        lines.append(f"| {case.name} | " + " | ".join(cells) + f" | **{sum(costs.values()):.2f}** |")
    record_gb = FIREHOSE_RECORD_KB_MIN / 1e6
    firehose = MILLION * record_gb * FIREHOSE_GB
    for name, calls in (("a call each", MILLION), (f"{FIREHOSE_RECORDS_A_CALL} records a call", MILLION / FIREHOSE_RECORDS_A_CALL)):
        gateway = calls * GATEWAY_REQUEST / MILLION
        empty = " | ".join([""] * (len(found[0].cost()) - 1))
        lines.append(f"| Firehose, {name} | {gateway:.2f} | {empty} | **{gateway + firehose:.2f}** |")
    lines += ["", "One message group, one batch after the other:", ""]
    lines += ["| batch | dispatcher s | normalizer s | documents a second | MB a second |", "|---|---|---|---|---|"]
    large = [_case(told) for told in measured["memory"] if told["batch"].startswith("32 MB")]
    for case in found + large:
        seconds = case.batch_seconds()
        lines.append(f"| {case.name} | {case.seconds('dispatcher'):.2f} | {seconds:.2f} | "
                     f"{case.documents / seconds:,.0f} | {case.megabytes / seconds:,.2f} |")
    return lines
