"""Workload `nested`: shop orders as a webhook sends them, about 4 KB, objects and arrays three to four deep."""

import random
import time

import pools

EPOCH_S = 1_735_689_600  # 2025-01-01T00:00:00Z
CHUNK_SPAN_S = 7_200  # time covered by one chunk; chunks follow each other
CUSTOMERS = 6_000
PRODUCTS = 3_000


def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def _address(rng: random.Random, name: tuple[str, str]) -> dict[str, object]:
    city, country, zip_start = rng.choice(pools.CITIES)
    return {
        "first_name": name[0],
        "last_name": name[1],
        "company": f"{rng.choice(pools.WORDS).title()} {rng.choice(('GmbH', 'Ltd', 'Inc', 'AB'))}"
        if rng.random() < 0.2
        else None,
        "street": f"{rng.choice(pools.WORDS).title()} Street {rng.randint(1, 240)}",
        "extra": None if rng.random() < 0.8 else f"Floor {rng.randint(1, 12)}",
        "zip": f"{zip_start}{rng.randint(100, 999)}",
        "city": city,
        "country_code": country,
        "geo": {"lat": round(rng.uniform(-60, 60), 6) + 1e-7, "lon": round(rng.uniform(-150, 150), 6) + 1e-7},
    }


def _customer(rng: random.Random) -> tuple[str, str]:
    """The customer's members and their address object, as JSON text."""
    name = (rng.choice(pools.FIRST_NAMES), rng.choice(pools.LAST_NAMES))
    address = _address(rng, name)
    joined = EPOCH_S - rng.randint(1, 90_000_000)
    customer = {
        "id": 7_000_000_000_000 + rng.getrandbits(38),
        "email": f"{pools.slug(rng, 2)}{rng.randint(1, 999)}@mail.example",
        "first_name": name[0],
        "last_name": name[1],
        "phone": None if rng.random() < 0.5 else f"+{rng.randint(10**10, 10**12)}",
        "verified": rng.random() < 0.8,
        "created_at": _stamp(joined),
        "orders_count": rng.randint(1, 40),
        "tags": rng.sample(pools.WORDS, rng.randint(0, 3)),
        "default_address": address,
        "marketing": {
            "opted_in": rng.random() < 0.5,
            "channels": rng.sample(("email", "sms", "push", "post"), rng.randint(0, 3)),
            "consent": {"level": rng.choice(("single_opt_in", "double_opt_in")), "changed_at": _stamp(joined + 99)},
        },
    }
    return pools.body(customer), pools.text(address)


def _product(rng: random.Random) -> tuple[int, str, str]:
    """The price in cents, and the members of an item that its product decides: an object and scalars."""
    path = pools.slug(rng, 3)
    width = rng.choice((600, 800, 1200))
    product = {
        "id": 9_100_000_000_000 + rng.getrandbits(38),
        "vendor": rng.choice(pools.WORDS).title(),
        "url": f"https://shop.example/products/{path}?ref=order",
        "image": {
            "url": f"https://cdn.shop.example/s/files/{rng.randint(1, 99)}/{pools.hexadecimal(rng, 16)}/{path}.webp",
            "width": width,
            "height": width * 3 // 4,
        },
        "categories": rng.sample(pools.WORDS, rng.randint(1, 4)),
    }
    item = {
        "sku": f"{path[:3].upper()}-{rng.randint(10_000, 99_999)}",
        "title": path.replace("-", " ").title(),
        "description": pools.paragraph(rng, rng.randint(1, 3)),
        "grams": rng.randint(20, 9_000),
        "taxable": rng.random() < 0.9,
        "options": [f"{rng.choice(pools.WORDS)} / {rng.choice('SML')}"] if rng.random() < 0.6 else [],
        "product": product,
    }
    return rng.randint(199, 49_999), pools.body(item), pools.text(product["id"])


class Nested:
    """Renders chunks of documents; the pools depend on the seed, a chunk on seed and index."""

    name = "nested"
    key = "id"

    def __init__(self, seed: int) -> None:
        rng = pools.generator(self.name, seed)
        self.seed = seed
        self.agents = pools.user_agents()
        self.customers = [_customer(rng) for _ in range(CUSTOMERS)]
        self.products = [_product(rng) for _ in range(PRODUCTS)]
        self.notes = [pools.text(pools.paragraph(rng, rng.randint(1, 4))) for _ in range(500)]

    def chunk(self, index: int, bytes_min: int) -> bytes:
        """Whole lines of at least `bytes_min` bytes."""
        rng = pools.generator(self.name, self.seed, index)
        lines: list[str] = []
        size = 0
        second = EPOCH_S + index * CHUNK_SPAN_S
        serial = 0
        while size < bytes_min:
            second += rng.randrange(12)
            serial += 1
            lines.append(self._order(rng, 5_000_000_000_000 + index * 1_000_000 + serial, second))
            size += len(lines[-1])
        return "".join(lines).encode()

    def _order(self, rng: random.Random, order_id: int, second: int) -> str:
        stamp = _stamp(second)
        token = pools.hexadecimal(rng, 32)
        customer, address = self.customers[int(rng.random() ** 2 * CUSTOMERS)]
        ship_to = address if rng.random() < 0.85 else self.customers[rng.randrange(CUSTOMERS)][1]
        # Half of the orders have one or two items, few have more than five.
        items = []
        subtotal = taxes = 0
        for position in range(min(8, 1 + int(rng.expovariate(0.55)))):
            text, price, tax = self._item(rng, order_id * 10 + position)
            items.append(text)
            subtotal += price
            taxes += tax
        postage = rng.choice((0, 0, 490, 690, 1290))
        method = rng.choice(("card", "card", "paypal", "invoice", "gift_card"))
        rate = rng.choice(("0.19", "0.2", "0.25", "0.075"))
        signals = ",".join(str(rng.getrandbits(30) / (1 << 30)) for _ in range(rng.randrange(1, 6)))
        return (
            f'{{"id":{order_id},"topic":"order.{rng.choice(("created", "updated", "paid"))}","api_version":"2025-01"'
            f',"delivery":{{"uuid":"{pools.uuid(rng)}","attempt":{rng.choice("1112")},"sent_at":"{stamp}"'
            f',"endpoint":"https://hooks.shop.example/v1/orders/{token[:8]}"'
            f',"signature":"sha256={token}{pools.hexadecimal(rng, 32)}"}}'
            f',"order":{{"number":{order_id % 1_000_000_000},"token":"{token}","created_at":"{stamp}"'
            f',"updated_at":"{_stamp(second + rng.randrange(9_000))}","currency":"{rng.choice(("EUR", "EUR", "USD"))}"'
            f',"status":"{rng.choice(("open", "open", "closed", "cancelled"))}","confirmed":true'
            f',"test":{"true" if rng.random() < 0.02 else "false"}'
            f',"note":{"null" if rng.random() < 0.7 else rng.choice(self.notes)}'
            f',"tags":{rng.choice(_TAGS)},"source":{{"channel":"{rng.choice(("web", "web", "app", "pos"))}"'
            f',"landing_url":"https://shop.example/{rng.choice(pools.WORDS)}?utm_source=mail&c={token[8:20]}"'
            f',"campaign":{{"source":"{rng.choice(pools.WORDS)}","medium":"{rng.choice(("mail", "cpc", "social"))}"'
            f',"term":{"null" if rng.random() < 0.6 else chr(34) + rng.choice(pools.WORDS) + chr(34)}}}'
            f',"device":{{"ip":"{pools.ipv4(rng)}","user_agent":{self.agents[rng.getrandbits(16)]}'
            f',"screen":{{"width":{rng.choice((390, 1440, 1920, 2560))},"height":{rng.randrange(600, 1500)}}}}}}}}}'
            f',"customer":{{{customer}}},"billing":{{"address":{address},"vat_id":null}}'
            f',"shipping":{{"address":{ship_to},"method":{{"code":"{rng.choice(("std", "std", "express", "pickup"))}"'
            f',"price":{pools.money(postage)},"carrier":{{"name":"{rng.choice(("DHL", "UPS", "DPD", "PostNord"))}"'
            f',"tracking":{{"number":"{token[:14].upper()}","url":"https://track.example/p/{token[:14]}"}}}}}}}}'
            f',"items":[{",".join(items)}]'
            f',"payments":[{{"id":{rng.getrandbits(40)},"gateway":"{method}","amount":{pools.money(subtotal + postage)}'
            f',"captured_at":"{stamp}","card":{{"brand":"{rng.choice(("visa", "mastercard", "amex"))}"'
            f',"last4":"{rng.randrange(10_000):04d}","expiry":{{"month":{rng.randint(1, 12)},"year":2027}}}}}}]'
            f',"tax_lines":[{{"title":"VAT","rate":{rate},"amount":{pools.money(taxes)}}}]'
            f',"totals":{{"subtotal":{pools.money(subtotal)},"tax":{pools.money(taxes)}'
            f',"shipping":{pools.money(postage)},"total":{pools.money(subtotal + taxes + postage)}}}'
            f',"risk":{{"score":{rng.random()!r},"signals":[{signals}],"advice":"accept"}}}}\n'
        )

    def _item(self, rng: random.Random, item_id: int) -> tuple[str, int, int]:
        """An item's JSON text, its price and its tax in cents."""
        price, members, product_id = self.products[int(rng.random() ** 3 * PRODUCTS)]
        quantity = rng.choice((1, 1, 1, 2, 3))
        tax = price * quantity * 19 // 100
        discount = "null"
        if rng.random() < 0.2:
            code = f"{rng.choice(pools.WORDS).upper()}{rng.randrange(100)}"
            discount = f'{{"code":"{code}","amount":{pools.money(price // 10)}}}'
        return (
            f'{{"id":{item_id},"quantity":{quantity},"price":{pools.money(price)},{members},"discount":{discount}'
            f',"taxes":[{{"code":"vat-{product_id[-2:]}","amount":{pools.money(tax)}}}]}}',
            price * quantity,
            tax,
        )


_TAGS = ("[]", '["vip"]', '["gift","express"]', '["wholesale","vip","net-30"]', '["first-order"]')
