"""The orders app's own template filters."""

import re

from django import template

from lib.decimals import exact
from orders.lifecycle.charge_text import unit

register = template.Library()


register.filter("exact", exact)  # for a script to read
register.filter("unit", unit)


@register.filter
def is_web_address(text: str) -> bool:
    """Whether a link may be offered to click: http and https alone."""
    return text.lower().startswith(("http://", "https://"))


@register.filter
def short_link(link: str) -> str:
    """A link as a narrow column shows it: without what nearly all of them begin with."""
    return re.sub(r"^https?://(www\.)?(?=.)", "", link)


@register.filter
def count(value: int | None) -> str:
    """Units, grouped; — where they are not known."""
    return "—" if value is None else f"{value:,}"


@register.filter
def isolated(text: str) -> str:
    """Text of strangers where no <bdi> can stand, as in an <option>: its direction ends with it."""
    return f"\u2068{text}\u2069"
