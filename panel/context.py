"""What every page's frame shows: the panel's name, the user's balance, what waits for staff."""

from decimal import Decimal
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from billing.models import Account
from orders.models import Cancellation, Doubt, Order, Refill, RequestState, Status


class Frame(TypedDict):
    """The variables of templates/base.html."""

    panel_name: str
    currency: str
    balance: Decimal | None
    inbox_count: int
    services_are_public: bool


def panel(request: HttpRequest) -> Frame:
    """The frame's variables; asks the database only for someone who is logged in."""
    frame = Frame(
        panel_name=settings.PANEL_NAME,
        currency=settings.PANEL_CURRENCY,
        balance=None,
        inbox_count=0,
        services_are_public=settings.ARE_SERVICES_PUBLIC,
    )
    user = getattr(request, "user", None)
    if isinstance(user, User):
        frame["balance"] = Account.objects.filter(owner=user).values_list("balance", flat=True).first() or Decimal(0)
        if user.is_staff_member:
            frame["inbox_count"] = _count_inbox()
    return frame


def _count_inbox() -> int:
    waiting = [RequestState.REQUESTED, RequestState.UNCLEAR]
    return (
        Order.objects.filter(status__in=[Status.UNCLEAR, Status.HELD]).count()
        + Refill.objects.filter(state__in=waiting).count()
        + Cancellation.objects.filter(state__in=waiting).count()
        + Doubt.objects.filter(closed_at=None).count()
    )
