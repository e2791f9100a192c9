"""Filters for the evidence that an attempt keeps as JSON."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.dateparse import parse_datetime

register = template.Library()


@register.filter
def met(conditions: Sequence[dict[str, Any]]) -> int:
    """How many of the conditions are met."""
    return sum(bool(each["is_met"]) for each in conditions)


@register.filter
def decimal(text: str) -> Decimal:
    """An amount that was kept as text."""
    return Decimal(text)


@register.filter
def moment(text: str) -> datetime | None:
    """A moment that was kept as text."""
    return parse_datetime(text)
