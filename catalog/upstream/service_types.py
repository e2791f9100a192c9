"""The service types: the fields that `add` takes for each, and the units that are billed.

Source: section 2 of the protocol notes. Types compare without case, with `_` and `-` as spaces.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["link", "quantity", "number", "text", "lines", "choice", "date", "url"]
# "post": each post that was served, nothing in advance
Billing = Literal["quantity", "lines", "order", "post"]

LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of `add`, by its protocol name."""

    name: str
    label: str
    kind: Kind
    is_required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required_when: tuple[str, str] | None = None  # (another field's name, its value)

    def is_wanted(self, values: Mapping[str, str]) -> bool:
        """Whether this field must be filled in beside the other `values`."""
        if self.required_when is None:
            return self.is_required
        name, value = self.required_when
        return values.get(name, "").strip() == value


@dataclass(frozen=True, slots=True)
class ServiceType:
    """How services of one type are ordered and billed."""

    name: str
    fields: tuple[Field, ...]
    billed_by: Billing
    lines_field: str = ""  # whose lines are counted where `billed_by` is "lines"
    is_sellable: bool = True

    @property
    def is_per_order(self) -> bool:
        """Whether rate and price are for one order instead of for 1000 units."""
        return self.name in PER_ORDER

    @property
    def has_quantity(self) -> bool:
        """Whether the customer enters a quantity."""
        return any(field.kind == "quantity" for field in self.fields)

    @property
    def has_dripfeed(self) -> bool:
        """Whether `runs` and `interval` may be sent."""
        return any(field.name == "runs" for field in self.fields)

    @property
    def is_subscription(self) -> bool:
        """Whether it is billed for each post that was served."""
        return self.billed_by == "post"

    @property
    def is_limited(self) -> bool:
        """Whether the service's minimum and maximum apply."""
        return self.billed_by != "order"

    def field(self, name: str) -> Field | None:
        """The field of that protocol name."""
        return next((field for field in self.fields if field.name == name), None)

    def limited_quantity(self, values: Mapping[str, str | int]) -> int:
        """What minimum and maximum apply to: the quantity of one run, or the lines; else 1.

        Raises ValueError as `billed_quantity` does.
        """
        if self.billed_by in {"order", "post"}:
            return 1
        if self.billed_by == "lines":
            return len(lines(str(values.get(self.lines_field, ""))))
        return _whole(values, "quantity")

    def billed_quantity(self, values: Mapping[str, str | int]) -> int:
        """The units that are charged: quantity × runs, lines, or 1 per order or first post.

        `values` by protocol names. Raises ValueError for a number that is none.
        """
        runs = (
            _whole(values, "runs")
            if self.has_dripfeed and str(values.get("runs", "")).strip()
            else 1
        )
        return self.limited_quantity(values) * runs


def lines(text: str) -> list[str]:
    """The lines of a list field that are not empty."""
    return [line.strip() for line in LINE_ENDS.split(text) if line.strip()]


def canonical(word: str) -> str:
    """Our name of a provider's type, or the word itself where it is unknown."""
    found = find(word)
    return found.name if found else word.strip()


@functools.lru_cache(maxsize=256)  # a catalog has 20,000 rows and a handful of types
def find(type_name: str) -> ServiceType | None:
    """The type of that name in any spelling, or None."""
    return BY_FOLDED_NAME.get(_folded(type_name))


def _folded(word: str) -> str:
    return " ".join(word.replace("_", " ").replace("-", " ").casefold().split())


def _whole(values: Mapping[str, str | int], name: str) -> int:
    text = str(values.get(name, "")).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
        raise ValueError(f"{name} must be a whole number above 0, not {text[:40]!r}")
    return int(text)


LINK = Field("link", "Link", "link")
QUANTITY = Field("quantity", "Quantity", "quantity")
RUNS = Field(
    "runs",
    "Runs",
    "number",
    is_required=False,
    help="Deliver the quantity this many times (drip-feed)",
)
INTERVAL = Field(
    "interval", "Interval", "number", is_required=False, help="Minutes between two runs"
)
COMMENTS = Field("comments", "Comments", "lines", help="One per line")
USERNAMES = Field("usernames", "Usernames", "lines", help="One per line")
DEVICES = (
    ("1", "Desktop"),
    ("2", "Mobile (Android)"),
    ("3", "Mobile (iOS)"),
    ("4", "Mobile (mixed)"),
    ("5", "Desktop and mobile"),
)
TRAFFIC = (("1", "From a Google search"), ("2", "From another site"), ("3", "Direct"))
SUBSCRIPTION = (
    Field("username", "Username", "text", help="The account whose new posts are served"),
    Field(
        "min",
        "Minimum per post",
        "number",
        help="Each post gets a quantity between minimum and maximum",
    ),
    Field("max", "Maximum per post", "number"),
    Field(
        "posts",
        "New posts",
        "number",
        is_required=False,
        help="Ends after this many posts; leave empty for no limit",
    ),
    Field(
        "old_posts",
        "Old posts",
        "number",
        is_required=False,
        help="How many of the latest posts are served as well",
    ),
    Field("delay", "Delay", "number", help="Minutes after a post appears, 0 to 600"),
    Field(
        "expiry",
        "Expiry",
        "date",
        is_required=False,
        help="The last day on which new posts are served",
    ),
)
WEB_TRAFFIC = (
    LINK,
    QUANTITY,
    RUNS,
    INTERVAL,
    Field("country", "Country", "text", help="A country code, or WW for worldwide"),
    Field("device", "Device", "choice", choices=DEVICES),
    Field("type_of_traffic", "Where visitors come from", "choice", choices=TRAFFIC),
    Field(
        "google_keyword", "Google keyword", "text", is_required=False,
        required_when=("type_of_traffic", "1"),
        help="For visitors from a Google search",
    ),
    Field(
        "referring_url", "Referring site", "url", is_required=False,
        required_when=("type_of_traffic", "2"),
        help="For visitors from another site",
    ),
)  # fmt: skip


def _by_quantity(name: str, *more: Field) -> ServiceType:
    return ServiceType(name, (LINK, QUANTITY, *more), billed_by="quantity")


PER_ORDER: Final = frozenset({"Package", "Custom Comments Package", "Subscriptions"})
TYPES: Final = (
    _by_quantity("Default", RUNS, INTERVAL),
    ServiceType("Package", (LINK,), billed_by="order"),
    _by_quantity("SEO", Field("keywords", "Keywords", "lines", help="One per line")),
    ServiceType("Custom Comments", (LINK, COMMENTS), billed_by="lines", lines_field="comments"),
    ServiceType("Custom Comments Package", (LINK, COMMENTS), billed_by="order"),
    _by_quantity("Mentions", USERNAMES),
    _by_quantity(
        "Mentions with Hashtags",
        USERNAMES,
        Field("hashtags", "Hashtags", "lines", help="One per line"),
    ),
    ServiceType(
        "Mentions Custom List", (LINK, USERNAMES), billed_by="lines", lines_field="usernames"
    ),
    _by_quantity(
        "Mentions Hashtag",
        Field("hashtag", "Hashtag", "text", help="Users who used it are mentioned"),
    ),
    _by_quantity(
        "Mentions User Followers",
        Field(
            "username", "Account", "text", help="URL of the account whose followers are mentioned"
        ),
    ),
    _by_quantity(
        "Mentions Media Likers",
        Field("media", "Media", "url", help="URL of the post whose likers are mentioned"),
    ),
    _by_quantity(
        "Comment Likes", Field("username", "Username", "text", help="Author of the comment")
    ),
    ServiceType(
        "Comment Replies",
        (LINK, Field("username", "Username", "text", help="Author of the comment"), COMMENTS),
        billed_by="lines",
        lines_field="comments",
    ),
    _by_quantity(
        "Poll", Field("answer_number", "Answer number", "number", help="The answer to vote for")
    ),
    _by_quantity("Invites from Groups", Field("groups", "Groups", "lines", help="One per line")),
    ServiceType("Subscriptions", SUBSCRIPTION, billed_by="post"),
    # Providers bill each run of it, as of Default.
    ServiceType("Web Traffic", WEB_TRAFFIC, billed_by="quantity"),
)
BY_FOLDED_NAME: Final = {_folded(kind.name): kind for kind in TYPES}
