"""Seeded value pools: JSON text rendered once, drawn by 16-bit random numbers.

A pool is a list of POOL_SIZE JSON texts, so that any 16-bit number is an index into it and a skewed
pool is one whose frequent values stand in many places.
"""

import functools
import hashlib
import json
import random
import struct
from typing import TypeVar

T = TypeVar("T")

POOL_SIZE = 1 << 16

WORDS = (
    "amber anchor apple arrow autumn basin beacon birch bottle branch bridge bright bronze canvas "
    "carbon castle cedar cherry cinder circle clay cloud clover cobalt copper coral cotton crystal "
    "dawn delta desert dome drift dusk eagle early ember engine fabric falcon feather fern field "
    "flint forest fossil frost garden gentle glacier glass golden granite grove harbor hazel hollow "
    "honey indigo iron island ivory jade jasmine juniper kettle lake lantern laurel leather lemon "
    "linen lotus lunar maple marble meadow mellow metal mint mirror misty moss mountain narrow "
    "nectar night north oak ocean olive onyx opal orchid oval paper pearl pebble pepper pine plain "
    "polar prairie quartz quiet rain raven reed ridge river robin rose ruby rustic saffron sage salt "
    "sand scarlet shadow shell silent silver slate smoke snow solar spark spice spring spruce steel "
    "stone storm summer sunset swift tall thistle thunder tidal timber topaz tulip valley velvet "
    "violet walnut warm water wheat willow wind winter wooden woven yellow zephyr"
).split()

FIRST_NAMES = (
    "Ada Aiko Amara Anton Beatriz Björn Carla Chidi Chloé Dana Dmitri Elif Emma Farid Femke Grace "
    "Hana Hugo Ines Ivan Jonas Jürgen Kaito Karin Leila Lars Lucía Mads Mara Mei Mila Nadia Noah "
    "Olga Omar Paula Priya Quentin Rosa Ruth Samir Sofía Søren Tariq Tessa Uma Viktor Wanda Yusuf Zoë"
).split()

LAST_NAMES = (
    "Abebe Almeida Andersson Becker Bianchi Castillo Chen Dubois Eriksen Fischer García Haddad "
    "Ibrahim Jansen Kaya Kim Kowalski Larsen Lindqvist Martins Meyer Mori Müller Nakamura Nguyen "
    "Novák O'Brien Okafor Olsen Patel Peña Popescu Rahman Rossi Sato Schäfer Silva Smith Tanaka "
    "Taylor Toft Vargas Vasquez Virtanen Weber Wójcik Yamada Young Zhang Zimmermann"
).split()

CITIES = (
    ("Berlin", "DE", "10"), ("Hamburg", "DE", "20"), ("København", "DK", "1"), ("Lyon", "FR", "69"),
    ("Málaga", "ES", "29"), ("Porto", "PT", "40"), ("Wien", "AT", "1"), ("Zürich", "CH", "80"),
    ("Milano", "IT", "201"), ("Utrecht", "NL", "35"), ("Leeds", "GB", "LS"), ("Austin", "US", "787"),
    ("Denver", "US", "802"), ("Toronto", "CA", "M5"), ("Osaka", "JP", "530"), ("Pune", "IN", "411"),
    ("Kraków", "PL", "30"), ("Oslo", "NO", "0"), ("Perth", "AU", "60"), ("Recife", "BR", "500"),
)  # fmt: skip

# Shortest decimal text of k/100 and k/1000 after the point: serializers print no trailing zeros.
CENTS = [f"{k:02d}".rstrip("0") or "0" for k in range(100)]
MILLIS = [f"{k:03d}".rstrip("0") or "0" for k in range(1000)]


def generator(*parts: object) -> random.Random:
    """A random generator that depends on nothing but `parts`, on any machine and Python version."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return random.Random(int.from_bytes(digest, "little"))


def numbers(rng: random.Random, count: int) -> tuple[int, ...]:
    """`count` numbers of 16 bits."""
    return struct.unpack(f"<{count}H", rng.randbytes(2 * count))


def text(value: object) -> str:
    """`value` as compact JSON text, non-ASCII characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def body(value: dict[str, object]) -> str:
    """The members of an object as JSON text, without the braces."""
    return text(value)[1:-1]


def even(values: list[T]) -> list[T]:
    """A pool in which every value is equally frequent (as nearly as its size allows)."""
    repeats = -(-POOL_SIZE // len(values))
    return (values * repeats)[:POOL_SIZE]


def skewed(values: list[str], exponent: float = 1.0) -> list[str]:
    """A pool in which the value at rank r is r^exponent times rarer than the first."""
    weights = [1 / (rank + 1) ** exponent for rank in range(len(values))]
    total = sum(weights)
    pool: list[str] = []
    passed = 0.0
    for value, weight in zip(values, weights, strict=True):
        passed += weight
        pool.extend([value] * (round(POOL_SIZE * passed / total) - len(pool)))
    return (pool + [values[0]] * POOL_SIZE)[:POOL_SIZE]


def money(cents: int) -> str:
    """An amount as JSON text that is a double for every reader."""
    return f"{cents // 100}.{CENTS[cents % 100]}"


def sentence(rng: random.Random, words: int) -> str:
    picked = [rng.choice(WORDS) for _ in range(words)]
    return picked[0].capitalize() + " " + " ".join(picked[1:]) + "."


def paragraph(rng: random.Random, sentences: int) -> str:
    """Prose with what real descriptions hold: line breaks, quotes, some non-ASCII."""
    parts = [sentence(rng, rng.randint(6, 14)) for _ in range(sentences)]
    if rng.random() < 0.4:
        parts.insert(1, f'"{sentence(rng, 4)}" – {rng.choice(FIRST_NAMES)}')
    return rng.choice(("\n", " ", " ")).join(parts)


def hexadecimal(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def uuid(rng: random.Random) -> str:
    h = hexadecimal(rng, 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def ipv4(rng: random.Random) -> str:
    n = rng.getrandbits(32)
    return f"{n >> 24 or 1}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def slug(rng: random.Random, words: int) -> str:
    return "-".join(rng.choice(WORDS) for _ in range(words))


@functools.cache
def user_agents() -> list[str]:
    """A skewed pool of about 300 browser, library and crawler names, as JSON text."""
    rng = generator("user agents")
    systems = (
        "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
        "Linux; Android 14; Pixel 8", "Linux; Android 13; SM-A546B", "X11; CrOS x86_64 14541.0.0",
    )  # fmt: skip
    agents = []
    for version in range(118, 141):
        for system in systems:
            mobile = " Mobile" if "Android" in system else ""
            agents.append(
                f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
                f"Chrome/{version}.0.0.0{mobile} Safari/537.36"
            )
        agents.append(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
    for major in (16, 17, 18):
        for minor in range(8):
            agents.append(
                f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 "
                f"(KHTML, like Gecko) Version/{major}.{minor} Mobile/15E148 Safari/604.1"
            )
    for name in ("curl", "okhttp", "python-requests", "Go-http-client", "axios", "examplebot"):
        agents.extend(f"{name}/{rng.randint(1, 8)}.{minor}.{rng.randint(0, 9)}" for minor in range(15))
    rng.shuffle(agents)
    return skewed([text(agent) for agent in agents])
