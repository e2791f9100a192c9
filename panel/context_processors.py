"""Variables of every page: the panel's name, the user's balance, counts for staff."""

from decimal import Decimal
from typing import TypedDict

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from accounts.models import User
from billing.models import Account


class Frame(TypedDict):
    """The variables of templates/base.html."""

    panel_name: str
    currency: str
    balance: Decimal | None
    inbox_count: int
    adjustments_count: int
    is_halted: bool
    services_are_public: bool
    can_send_mail: bool


def panel(request: HttpRequest) -> Frame:
    """The variables of base.html. No queries for visitors."""
    frame = Frame(
        panel_name=settings.PANEL_NAME,
        currency=settings.PANEL_CURRENCY,
        balance=None,
        inbox_count=0,
        adjustments_count=0,
        is_halted=False,
        services_are_public=settings.ARE_SERVICES_PUBLIC,
        can_send_mail=settings.EMAIL_BACKEND != "panel.mail.NoMailServer",
    )
    user = getattr(request, "user", None)
    if isinstance(user, User):
        frame["balance"] = Account.objects.filter(owner=user).values_list(
            "balance", flat=True
        ).first() or Decimal(0)
        if user.is_staff_member:
            frame["inbox_count"], frame["adjustments_count"], frame["is_halted"] = _ask_for_staff()
    return frame


def _ask_for_staff() -> tuple[int, int, bool]:
    """Counts for staff and for a second admin, and whether sending is halted. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM orders_order WHERE status IN ('unclear', 'held'))
                 + (SELECT count(*) FROM orders_refill WHERE state IN ('requested', 'unclear'))
                 + (SELECT count(*) FROM orders_cancellation
                     WHERE state IN ('requested', 'unclear'))
                 + (SELECT count(*) FROM orders_doubt WHERE closed_at IS NULL)
                 + (SELECT count(*) FROM orders_refusaltext WHERE looked_at IS NULL)
                 + (SELECT count(*) FROM catalog_provider WHERE other_currency <> ''),
                   (SELECT count(*) FROM billing_adjustment WHERE closed_at IS NULL),
                   EXISTS (SELECT 1 FROM billing_halt WHERE is_standing)
            """
        )
        waiting, adjustments, is_halted = cursor.fetchone()
    return int(waiting), int(adjustments), bool(is_halted)
