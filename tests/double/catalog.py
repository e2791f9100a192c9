"""A catalog as real panels have them: mixed types, loud names, wild limits, the same for the same
seed.
"""

from random import Random

from tests.double.catalog_words import EMOJI, GOODS, NETWORKS, NOISE, QUALITIES, SPEEDS, START_TIMES
from tests.double.service_types import KINDS
from tests.double.shop import Service

MAJOR = {"Default": 0.87, "Package": 0.07, "Custom Comments": 0.03, "Custom Comments Package": 0.02}
FIRST = 101
LIMITS = (
    (10, 5_000),
    (10, 10_000),
    (50, 10_000),
    (100, 50_000),
    (100, 500_000),
    (500, 1_000_000),
    (1000, 10_000_000),
)
WITH_EMOJI = 0.59  # of the names


def make_catalog(*, count: int, seed: int) -> list[Service]:
    """Make `count` services with ids in catalog order; every documented type occurs where there
    is room.
    """
    luck = Random(seed)
    types = _types(count=count, luck=luck)
    numbers: list[int] = []
    for _ in types:
        numbers.append((numbers[-1] if numbers else FIRST - 1) + luck.randint(1, 3))
    order = list(NETWORKS)
    rows = [(_headings(type_name, luck), type_name) for type_name in types]
    rows.sort(key=lambda row: (order.index(row[0][0]), row))
    return [
        _service(number=number, type_name=type_name, network=network, good=good, luck=luck)
        for number, ((network, good), type_name) in zip(numbers, rows, strict=True)
    ]


def _types(*, count: int, luck: Random) -> list[str]:
    """Share the rows out: one of each rare type, then the common ones in their real proportions."""
    rare = [kind.name for kind in KINDS.values() if kind.name not in MAJOR]
    common = {
        name: max(1, round(share * count)) for name, share in MAJOR.items() if name != "Default"
    }
    types = [name for name, number in common.items() for _ in range(number)] + rare
    types = ["Default", *types][:count]
    types += ["Default"] * (count - len(types))
    luck.shuffle(types)
    return types


def _headings(type_name: str, luck: Random) -> tuple[str, str]:
    """Choose a network and what is sold there."""
    if type_name == "Web Traffic":
        return "Website", "Traffic"
    shops = [name for name in NETWORKS if name != "Website"]
    # the big networks first
    network = luck.choices(shops, weights=range(2 * len(shops), len(shops), -1))[0]
    goods = {
        "Custom Comments": "Custom Comments",
        "Custom Comments Package": "Custom Comments",
        "Comment Likes": "Comment Likes",
        "Comment Replies": "Comment Replies",
        "Poll": "Poll Votes",
        "Invites from Groups": "Group Invites",
        "Subscriptions": "Auto Likes",
        "SEO": "SEO Ranking",
    }
    if type_name.startswith("Mentions"):
        return network, "Mentions"
    return network, goods.get(type_name) or luck.choice(GOODS[network])


def _service(*, number: int, type_name: str, network: str, good: str, luck: Random) -> Service:
    kind = KINDS[type_name.lower()]
    low, high = luck.choice(LIMITS) if kind.is_limited or kind.name == "Subscriptions" else (1, 1)
    if "comments" in kind.needs and kind.is_limited:
        low, high = 5, 500
    speed, quality, start = luck.choice(SPEEDS), luck.choice(QUALITIES), luck.choice(START_TIMES)
    has_refill = kind.is_limited and luck.random() < 0.45
    guarantee = (
        luck.choice(("30 Days Refill", "60 Days Refill", "365 Days Refill", "Lifetime"))
        if has_refill
        else ""
    )
    return Service(
        service=number,
        name=_name(
            luck,
            network,
            good,
            quality,
            f"Max {_short(high)}" if high > 1 else "Package",
            speed,
            guarantee,
        ),
        type=type_name,
        category=f"{NETWORKS[network]} {network} {good}"
        + (" [Refill]" if luck.random() < 0.3 else ""),
        rate=_rate(luck, is_flat=kind.is_flat),
        min=low,
        max=high,
        refill=has_refill,
        cancel=luck.random() < 0.6,
        dripfeed=kind.has_dripfeed and luck.random() < 0.5,
        average_time=luck.choice(
            ("Not enough data", f"{luck.randint(2, 59)} minutes", f"{luck.randint(1, 23)} hours")
        ),
        description=(
            f"⏰ Start: {start}\n🚀 Speed: {speed}\n⭐ Quality: {quality}\n"
            f"♻️ Refill: {guarantee or 'No'}\n\n📌 Link: https://… (public account)\n"
            "Please do not order twice for one link before the first order has ended."
        ),
    )


def _name(luck: Random, network: str, good: str, *parts: str) -> str:
    """Compose a name; some carry HTML entities, a few even escaped twice, as real ones do."""
    words = [f"{network} {good}", *(part for part in parts if part)]
    if luck.random() < 0.05:
        words.append(luck.choice(NOISE))
    name = " | ".join(words)
    return f"{name} {luck.choice(EMOJI)}" if luck.random() < WITH_EMOJI else name


def _rate(luck: Random, *, is_flat: bool) -> str:
    """Spread rates over four orders of magnitude, with the uneven decimals of real lists."""
    rate = 10 ** (luck.uniform(0, 1.7) if is_flat else luck.uniform(-2, 1.6))
    return f"{rate:.{luck.choice((2, 2, 2, 3, 4))}f}"


def _short(number: int) -> str:
    if number >= 1_000_000:
        return f"{number // 1_000_000}M"
    return f"{number // 1000}K" if number >= 1000 else str(number)
