"""Template filters of the orders app."""

import re

from django import template

from lib.decimals import exact
from orders.lifecycle.charge_text import unit

register = template.Library()


register.filter("exact", exact)  # for a script to read
register.filter("unit", unit)


@register.filter
def is_web_address(text: str) -> bool:
    """Whether a link is safe to click: only http and https."""
    return text.lower().startswith(("http://", "https://"))


@register.filter
def short_link(link: str) -> str:
    """A link without scheme and www, for narrow columns."""
    return re.sub(r"^https?://(www\.)?(?=.)", "", link)


@register.filter
def count(value: int | None) -> str:
    """Units, grouped; — if unknown."""
    return "—" if value is None else f"{value:,}"


@register.filter
def isolated(text: str) -> str:
    """Untrusted text where <bdi> is not allowed, as in <option>."""
    return f"\u2068{text}\u2069"
