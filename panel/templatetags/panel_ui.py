"""The panel's own template tags: icons, money, status tones, form controls, menu links."""

from decimal import Decimal
from functools import lru_cache
from typing import Final

import lucide
from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms import BoundField
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from lib.decimals import plain

register = template.Library()

SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}

# of every status of orders, refills and cancellations
TONES: Final = {
    "accepted": "good",
    "active": "good",
    "approved": "info",
    "canceled": "idle",
    "completed": "good",
    "delivered": "good",
    "disabled": "idle",
    "expired": "idle",
    "failed": "bad",
    "failing": "bad",
    "held": "warn",
    "in progress": "info",
    "not placed": "idle",
    "not sent": "idle",
    "partial": "warn",
    "paused": "warn",
    "pending": "idle",
    "placed": "good",
    "prepared": "idle",
    "processing": "info",
    "refused": "bad",
    "rejected": "bad",
    "requested": "warn",
    "running": "info",
    "sending": "info",
    "sent": "info",
    "submitting": "info",
    "unclear": "bad",
    "unknown": "bad",
    "waiting": "idle",
    "withdrawn": "idle",
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Lucide's icon `name` as inline SVG; hidden from screen readers unless it has a label."""
    return _svg(str(name), str(label))


@lru_cache(maxsize=512)  # rendering one takes longer than the rest of its row
def _svg(name: str, label: str) -> SafeString:
    voice = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    svg = lucide._render_icon(name, None, **{"class": "icon", **voice})
    return mark_safe(svg)  # noqa: S308  # a file of the package, its attributes escaped by ElementTree


@register.filter
def amount(value: Decimal | None) -> str:
    """The number, grouped, with at least two decimals: 1,234.50, 0.00125, −3.00; — for None."""
    if value is None:
        return "—"
    number = Decimal(value)
    return f"{'−' if number < 0 else ''}{plain(abs(number))}"


@register.simple_tag(takes_context=True)
def money(context: Context, value: Decimal | None, currency: str = "") -> str:
    """The amount in `currency` or the panel's: $1,234.50, −$3.00, 12.00 PLN; — for None."""
    if value is None:
        return "—"
    code = currency or context.get("currency", "")
    number = amount(value)
    if code not in SYMBOLS:
        return f"{number} {code}".rstrip()
    sign, digits = ("−", number[1:]) if number.startswith("−") else ("", number)
    return f"{sign}{SYMBOLS[code]}{digits}"


@register.filter
def tone(status: object) -> str:
    """The tone of a status in any spelling: good, info, warn, bad or idle."""
    return TONES.get(_spaced(status).lower(), "idle")


@register.filter
def wording(status: object) -> str:
    """A status for people: IN_PROGRESS and running become In progress and Running."""
    words = _spaced(status)
    return words.capitalize() if words.isupper() or words.islower() else words


@register.simple_tag
def control(field: BoundField, **attrs: str) -> SafeString:
    """The field's control; a placeholder that repeats the label is dropped. `data_x` is data-x."""
    extra: dict[str, str | bool] = {name.replace("_", "-"): value for name, value in attrs.items()}
    placeholder = str(field.field.widget.attrs.get("placeholder", ""))
    if placeholder.lower().startswith(str(field.label).lower()):
        extra["placeholder"] = False
    return field.as_widget(attrs=extra)


@register.simple_tag(takes_context=True)
def here(context: Context, *url_names: str) -> SafeString:
    """`aria-current="page"` if the current page has one of these URL names."""
    match = getattr(context.get("request"), "resolver_match", None)
    is_here = match is not None and match.view_name in url_names
    return format_html(' aria-current="{}"', "page") if is_here else SafeString()


@register.simple_tag
def asset(path: str) -> str:
    """The URL of a static file, even if it is not in the manifest: error pages must render."""
    try:
        return staticfiles_storage.url(path)
    except ValueError:
        return f"/static/{path}"


def _spaced(status: object) -> str:
    return str(status).replace("_", " ").strip()
