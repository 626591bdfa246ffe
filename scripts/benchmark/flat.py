"""Workload `flat`: web and app events, about 20 scalar fields and 400 bytes a line."""

import time

import pools

EPOCH_S = 1_735_689_600  # 2025-01-01T00:00:00Z
CHUNK_SPAN_S = 600  # time covered by one chunk; chunks follow each other
DRAWS = 12  # random numbers a line takes
EVENTS_PER_DRAW = 512  # lines whose random numbers are made at once


def _paths(rng) -> list[str]:
    """Half of the traffic goes to a few pages, half to pages that carry an id."""
    few = [f'"/{pools.slug(rng, 1)}/{pools.slug(rng, 2)}"' for _ in range(300)]
    many = []
    for _ in range(30_000):
        area = rng.choice(("orders", "users", "products", "carts", "media", "search"))
        many.append(f'"/api/v{rng.randint(1, 3)}/{area}/{rng.randint(1000, 9_999_999)}"')
    return (pools.skewed(few)[::2] + pools.even(many)[::2])[: pools.POOL_SIZE]


class Flat:
    """Renders chunks of lines; the pools depend on the seed, a chunk on seed and index."""

    name = "flat"
    key = "event_id"

    def __init__(self, seed: int) -> None:
        rng = pools.generator(self.name, seed)
        self.seed = seed
        self.agents = pools.user_agents()
        self.paths = _paths(rng)
        self.events = pools.skewed(
            [f'"{e}"' for e in ("request", "page_view", "click", "purchase", "login", "logout", "signup")]
        )
        self.statuses = pools.skewed(["200", "304", "201", "302", "404", "204", "401", "500", "429", "503"], 1.6)
        methods = pools.skewed(['"GET"', '"POST"', '"PUT"', '"DELETE"', '"PATCH"', '"HEAD"'], 1.5)
        self.methods = methods
        self.countries = pools.skewed(
            [f'"{c}"' for c in "US DE GB FR IN BR JP ES NL IT CA AU PL SE MX KR CH AT PT NO".split()]
        )
        # Most responses take some ten milliseconds, few take seconds.
        self.latencies = [
            f"{int(rng.lognormvariate(3.2, 1.1))}.{rng.choice(pools.MILLIS)}" for _ in range(pools.POOL_SIZE)
        ]
        self.sizes = [str(int(rng.lognormvariate(8.5, 1.4))) for _ in range(pools.POOL_SIZE)]
        self.users = [str(int(rng.paretovariate(0.9) * 977) % 4_000_000) for _ in range(pools.POOL_SIZE)]
        self.addresses = [f'"{pools.ipv4(rng)}"' for _ in range(pools.POOL_SIZE)]
        sessions = [f'"{pools.hexadecimal(rng, 16)}"' for _ in range(pools.POOL_SIZE)]
        self.sessions = sessions
        # Fields that many lines lack are drawn with their key.
        self.scores = [f',"score":{rng.random()!r}' if rng.random() < 0.3 else "" for _ in range(pools.POOL_SIZE)]
        self.referrers = [
            f',"referrer":"https://{pools.slug(rng, 2)}.example/{pools.slug(rng, 1)}"' if rng.random() < 0.35 else ""
            for _ in range(pools.POOL_SIZE)
        ]
        flags = []
        for _ in range(pools.POOL_SIZE):
            flag = f',"cached":{rng.choice(("true", "false"))},"bot":{"true" if rng.random() < 0.04 else "false"}'
            if rng.random() < 0.1:
                flag += f',"experiment":{rng.choice(("null", chr(34) + rng.choice(pools.WORDS) + chr(34)))}'
            if rng.random() < 0.03:
                flag += f',"error":"{rng.choice(("timeout", "upstream_reset", "invalid_token", "too_many_requests"))}"'
            flags.append(flag)
        self.flags = flags

    def chunk(self, index: int, bytes_min: int) -> bytes:
        """Whole lines of at least `bytes_min` bytes."""
        rng = pools.generator(self.name, self.seed, index)
        lines: list[str] = []
        size = 0
        clock_ms = (EPOCH_S + index * CHUNK_SPAN_S) * 1000
        second = -1
        stamp = ""
        while size < bytes_min:
            draws = pools.numbers(rng, EVENTS_PER_DRAW * DRAWS)
            ids = rng.randbytes(EVENTS_PER_DRAW * 12).hex()
            at = 0
            start = len(lines)
            for a, b, c, d, e, f, g, h, i, j, k, m in zip(*[iter(draws)] * DRAWS, strict=True):
                clock_ms += a & 63
                if clock_ms // 1000 != second:
                    second = clock_ms // 1000
                    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
                x = ids[at : at + 24]
                at += 24
                lines.append(
                    f'{{"event_id":"{second:08x}-{x[:4]}-4{x[4:7]}-9{x[7:10]}-{x[12:]}"'
                    f',"ts":"{stamp}{clock_ms % 1000:03d}Z","event":{self.events[b]}'
                    f',"method":{self.methods[c]},"path":{self.paths[d]},"status":{self.statuses[e]}'
                    f',"latency_ms":{self.latencies[f]},"bytes_out":{self.sizes[g]}'
                    f',"user_id":{self.users[h]},"session":{self.sessions[i ^ 0x155]}'
                    f',"ip":{self.addresses[i]},"country":{self.countries[j]}'
                    f',"user_agent":{self.agents[k]}{self.scores[m]}{self.referrers[a]}{self.flags[b ^ m]}}}\n'
                )
            size += sum(map(len, lines[start:]))
        return "".join(lines).encode()
