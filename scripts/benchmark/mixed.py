"""Workload `mixed`: 60 kinds of documents at random in one table, each kind with paths of its own."""

import operator
import random
import time

import pools

EPOCH_S = 1_735_689_600  # 2025-01-01T00:00:00Z
CHUNK_SPAN_S = 600  # time covered by one chunk; chunks follow each other
SHAPES = 8  # sets of present fields a kind comes in
DOCUMENTS_PER_DRAW = 256  # documents whose random numbers are made at once

KINDS = (
    "alert asset audit badge batch bid booking build cart claim coupon crash deal deploy device "
    "dispute draft fleet flight fund grant invoice issue job lead lease ledger lesson loan mail "
    "merge meter notice order parcel patch pay permit ping plan poll pool quote refund release "
    "report review ride room route scan sensor shift signal sprint stock ticket trial vault vote"
).split()

FIELDS = (
    "amount area avatar balance band base cap channel city cost count cpu day depth diff due email "
    "end fee flag gain grade host hours input kind label lag lang level limit link load loss margin "
    "mass memo model name note origin owner pace path peak phase place port price qty rank rate "
    "reason ref region result risk score seats size slot source speed stage start state step sum "
    "tax team temp tilt title token tone total trend type unit usage user value vendor width zone"
).split()


def _value_pools(rng: random.Random) -> dict[str, list[str]]:
    """Pools by kind of value; a field of a document kind draws from one of them."""
    some = range(12_000)
    full = range(pools.POOL_SIZE)
    quote = '"{}"'.format
    return {
        "word": pools.skewed([quote(w) for w in pools.WORDS]),
        "enum": pools.skewed(['"new"', '"active"', '"done"', '"failed"', '"paused"']),
        "name": [quote(f"{rng.choice(pools.FIRST_NAMES)} {rng.choice(pools.LAST_NAMES)}") for _ in full],
        "hex": [quote(pools.hexadecimal(rng, 16)) for _ in full],
        "uuid": [quote(pools.uuid(rng)) for _ in full],
        "small": [str(rng.randrange(1_000)) for _ in full],
        "large": [str(rng.getrandbits(44)) for _ in full],
        "money": [pools.money(rng.randrange(1_000_000)) for _ in full],
        "ratio": [repr(rng.random()) for _ in full],
        "bool": pools.even(["true", "false", "true"]),
        "stamp": [
            time.strftime('"%Y-%m-%dT%H:%M:%SZ"', time.gmtime(EPOCH_S - rng.randrange(40_000_000))) for _ in full
        ],
        "url": pools.even([quote(f"https://{pools.slug(rng, 2)}.example/{pools.hexadecimal(rng, 12)}") for _ in some]),
        "email": pools.even([quote(f"{pools.slug(rng, 2)}@mail.example") for _ in some]),
        "prose": pools.even([pools.text(pools.paragraph(rng, 1)) for _ in some]),
        "ip": [quote(pools.ipv4(rng)) for _ in full],
        "words": pools.even([pools.text(rng.sample(pools.WORDS, rng.randrange(4))) for _ in some]),
        "ints": pools.even([pools.text([rng.randrange(500) for _ in range(rng.randrange(5))]) for _ in some]),
    }


_SCALARS = (
    "word word enum name hex uuid small small small large money money ratio bool bool stamp stamp url email ip"
).split()


class _Kind:
    """One document kind: its fields once, then as templates with some of the optional fields each."""

    def __init__(self, rng: random.Random, name: str, rows: bool) -> None:
        names = rng.sample(FIELDS, 34)
        draw = rng.choice
        # Fields are (name, pool). Beside the top level: an object with one inside, and at times a third.
        top = [(f"{name}_{names.pop()}", draw(_SCALARS)) for _ in range(rng.randint(7, 10))]
        top.append((f"{name}_{names.pop()}", "prose"))
        top.append((f"{name}_{names.pop()}", draw(("words", "ints"))))
        inner = [(names.pop(), draw(_SCALARS)) for _ in range(rng.randint(5, 8))]
        deep = [(names.pop(), draw(_SCALARS)) for _ in range(rng.randint(3, 5))]
        side = [(names.pop(), draw(_SCALARS)) for _ in range(rng.randint(3, 5))]
        row = [(names.pop(), draw(("word", "small", "money", "hex"))) for _ in range(3)] if rows else []
        deep_name, row_name = names.pop(), names.pop()
        self.shapes = []
        required = rng.sample(top, 4)  # in every shape
        for shape in range(SHAPES):
            sparse = shape > 0  # the first shape has every field, so that each has data somewhere
            drawn: list[str] = []

            def members(fields: list[tuple[str, str]], sparse: bool = sparse, drawn: list[str] = drawn) -> str:
                """Some of `fields` with `%s` for each value, whose pools are appended to `drawn`."""
                texts = []
                for field, pool in fields:
                    fate = rng.random() if sparse and (field, pool) not in required else 1.0
                    if fate < 0.2 and texts:
                        continue
                    if 0.2 <= fate < 0.24:
                        texts.append(f'"{field}":null')
                    else:
                        texts.append(f'"{field}":%s')
                        drawn.append(pool)
                return ",".join(texts)

            parts = [members(top), f'"{name}":{{{members(inner)},"{deep_name}":{{{members(deep)}}}}}']
            if not sparse or rng.random() < 0.6:
                parts.append(f'"{name}_ctx":{{{members(side)}}}')
            if row:
                elements = ",".join("{" + members(row, False) + "}" for _ in range(rng.randint(1, 3)))
                parts.append(f'"{name}_{row_name}":[{elements}]')
            self.shapes.append((",".join(parts), drawn))


class Mixed:
    """Renders chunks of documents; kinds and pools depend on the seed, a chunk on seed and index."""

    name = "mixed"
    key = "id"

    def __init__(self, seed: int) -> None:
        rng = pools.generator(self.name, seed)
        self.seed = seed
        values = _value_pools(rng)
        head = (
            '{"id":"%s","kind":"{kind}","ts":"%s%03dZ","version":%s,"actor":{"id":%s,"state":%s,"email":%s},"trace":%s,'
        )
        shared = [values[pool] for pool in ("small", "large", "enum", "email", "hex")]
        # One entry a shape: template and pools. Every kind has at least 1 of 150 documents.
        weighted = []
        for position, name in enumerate(KINDS):
            kind = _Kind(rng, name, rows=position % 10 == 3)
            weight = rng.randint(1, 4)
            for text, drawn in kind.shapes:
                shape = (
                    head.replace("{kind}", name) + text + "}\n",
                    [*shared, *(values[pool] for pool in drawn)],
                )
                weighted.extend([shape] * weight)
        self.shapes = pools.even(weighted)
        rng.shuffle(self.shapes)
        self.draws_max = max(len(drawn) for _, drawn in weighted)

    def chunk(self, index: int, bytes_min: int) -> bytes:
        """Whole lines of at least `bytes_min` bytes."""
        rng = pools.generator(self.name, self.seed, index)
        lines: list[str] = []
        size = 0
        clock_ms = (EPOCH_S + index * CHUNK_SPAN_S) * 1000
        second = -1
        stamp = ""
        getitem = operator.getitem
        serial = 0
        while size < bytes_min:
            picks = pools.numbers(rng, 2 * DOCUMENTS_PER_DRAW)
            draws = pools.numbers(rng, self.draws_max * DOCUMENTS_PER_DRAW)
            ids = rng.randbytes(8 * DOCUMENTS_PER_DRAW).hex()
            at = 0
            start = len(lines)
            for n in range(DOCUMENTS_PER_DRAW):
                template, drawn = self.shapes[picks[2 * n]]
                clock_ms += picks[2 * n + 1] & 63
                if clock_ms // 1000 != second:
                    second = clock_ms // 1000
                    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
                serial += 1
                lines.append(
                    template
                    % (
                        f"{index:04x}{serial:06x}{ids[16 * n : 16 * n + 16]}",
                        stamp,
                        clock_ms % 1000,
                        *map(getitem, drawn, draws[at : at + len(drawn)]),
                    )
                )
                at += len(drawn)
            size += sum(map(len, lines[start:]))
        return "".join(lines).encode()
