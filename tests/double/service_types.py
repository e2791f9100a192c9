"""The service types: the fields that `add` wants of each, and the units that are billed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ABSENT = frozenset({"", "null", "undefined", "None"})  # what careless clients send for "nothing"
Fields = Mapping[str, str]


class Invalid(Exception):
    """A field is missing or wrong; the text is the provider's definite answer."""


def lines(text: str) -> list[str]:
    r"""Split a list field at `\r\n`, `\n` or a literal backslash-n, without empty lines."""
    return [line.strip() for line in re.split(r"\r\n|\n|\\n", text) if line.strip()]


def number(fields: Fields, name: str, *, low: int = 0, high: int = 2**63) -> int:
    """Read a whole number within low…high; raises Invalid naming the field."""
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise Invalid(f"Incorrect {name}")
    return int(text)


def one(_fields: Fields) -> int:
    return 1


def by_quantity(fields: Fields) -> int:
    return number(fields, "quantity", low=1)


def by_lines_of(name: str) -> Callable[[Fields], int]:
    return lambda fields: len(lines(fields.get(name, "")))


@dataclass(frozen=True, slots=True)
class Kind:
    """One service type; `is_flat`: the rate is the price of one unit, not of 1000."""

    name: str
    needs: tuple[str, ...]
    units: Callable[[Fields], int]
    is_flat: bool = False
    is_limited: bool = True  # min and max of the service apply to the units
    has_dripfeed: bool = False
    # nothing is charged at first, then one unit for each post that is served
    is_by_post: bool = False


KINDS = {
    kind.name.lower(): kind
    for kind in (
        Kind("Default", ("link", "quantity"), by_quantity, has_dripfeed=True),
        Kind("Package", ("link",), one, is_flat=True, is_limited=False),
        Kind("SEO", ("link", "quantity", "keywords"), by_quantity),
        Kind("Custom Comments", ("link", "comments"), by_lines_of("comments")),
        Kind("Custom Comments Package", ("link", "comments"), one, is_flat=True, is_limited=False),
        Kind("Mentions", ("link", "quantity", "usernames"), by_quantity),
        Kind("Mentions with Hashtags", ("link", "quantity", "usernames", "hashtags"), by_quantity),
        Kind("Mentions Custom List", ("link", "usernames"), by_lines_of("usernames")),
        Kind("Mentions Hashtag", ("link", "quantity", "hashtag"), by_quantity),
        Kind("Mentions User Followers", ("link", "quantity", "username"), by_quantity),
        Kind("Mentions Media Likers", ("link", "quantity", "media"), by_quantity),
        Kind("Comment Likes", ("link", "quantity", "username"), by_quantity),
        Kind("Comment Replies", ("link", "username", "comments"), by_lines_of("comments")),
        Kind("Poll", ("link", "quantity", "answer_number"), by_quantity),
        Kind("Invites from Groups", ("link", "quantity", "groups"), by_quantity),
        Kind(
            "Subscriptions",
            ("username", "min", "max", "delay"),
            one,
            is_flat=True,
            is_limited=False,
            is_by_post=True,
        ),
        Kind(
            "Web Traffic",
            ("link", "quantity", "country", "device", "type_of_traffic"),
            by_quantity,
            has_dripfeed=True,
        ),
    )
}
LISTS = ("comments", "usernames", "hashtags", "keywords", "groups")


def kind_of(type_name: str) -> Kind:
    """Find a type whatever its case and underscores; an unknown one sells as Default."""
    return KINDS.get(type_name.replace("_", " ").lower(), KINDS["default"])


def present(fields: Fields) -> dict[str, str]:
    """Drop the fields that say nothing."""
    return {name: text for name, text in fields.items() if text.strip() not in ABSENT}


def check(kind: Kind, fields: Fields, *, low: int, high: int) -> None:
    """Raise Invalid for the first field that is missing or out of the service's bounds."""
    for name in kind.needs:
        if name not in fields or (name in LISTS and not lines(fields[name])):
            raise Invalid(f"Incorrect {name}")
    if kind.name == "Poll":
        number(fields, "answer_number", low=1)
    if kind.name == "Subscriptions":
        _check_subscription(fields, low=low, high=high)
    if kind.name == "Web Traffic":
        _check_traffic(fields)


def _check_subscription(fields: Fields, *, low: int, high: int) -> None:
    least = number(fields, "min", low=low, high=high)
    number(fields, "max", low=least, high=high)
    number(fields, "delay", high=600)
    for name in ("posts", "old_posts"):
        if name in fields:
            number(fields, name)
    if not re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", fields.get("expiry", "01/01/2030")):
        raise Invalid("Incorrect expiry")


def _check_traffic(fields: Fields) -> None:
    number(fields, "device", low=1, high=5)
    source = number(fields, "type_of_traffic", low=1, high=3)
    wanted = {1: "google_keyword", 2: "referring_url"}.get(source)
    if wanted and wanted not in fields:
        raise Invalid(f"Incorrect {wanted}")
