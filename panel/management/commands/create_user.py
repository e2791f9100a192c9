"""`manage.py create_user EMAIL --role …`: creates a user, optionally with balance and API key."""

import secrets
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.api_keys import issue_key
from accounts.create_user import BadValue, create_user
from accounts.models import Role, User
from billing import ledger
from lib.typed_numbers import ungrouped_number


class Command(BaseCommand):
    """Creates one user, or nothing if a value is invalid."""

    help = (
        "Create a user. The balance is booked as a top-up; the API key is printed once, alone on "
        "the last line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments, which operators rely on."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--password", help="generated and printed if omitted")
        parser.add_argument(
            "--balance", default="0", help="in the panel's currency, for example 100.00"
        )
        parser.add_argument("--api-key", action="store_true", help="issue an API key")

    def handle(
        self,
        *,
        email: str,
        role: str,
        password: str | None,
        balance: str,
        api_key: bool,
        **_: object,
    ) -> None:
        """Create everything or nothing, then print what was created."""
        amount = _amount(balance)
        if api_key and not settings.API_KEY_PEPPER:
            raise CommandError("API_KEY_PEPPER is not set: API keys would not work")
        chosen = password if password is not None else secrets.token_urlsafe(12)
        try:
            user, key = _make(
                email=email, role=Role(role), password=chosen, balance=amount, is_key_wanted=api_key
            )
        except (BadValue, ledger.LedgerError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Created {user.role} {user.email}")
        if password is None:
            self.stdout.write(f"Password: {chosen}")
        self.stdout.write(f"Balance: {amount:.2f} {settings.PANEL_CURRENCY}")
        if key:
            self.stdout.write("API key (shown only once):")
            self.stdout.write(key)


@transaction.atomic
def _make(
    *, email: str, role: Role, password: str, balance: Decimal, is_key_wanted: bool
) -> tuple[User, str]:
    now = timezone.now()
    user = create_user(email=email, password=password, role=role)
    ledger.open_wallet(owner=user)
    if balance:
        ledger.top_up(
            customer=user,
            amount=balance,
            gateway=ledger.BY_HAND,
            payment_id=f"create_user-{user.pk}",
            now=now,
            reason="Starting balance",
        )
    return user, issue_key(user=user, name="default", now=now) if is_key_wanted else ""


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(ungrouped_number(text))
    except InvalidOperation:
        raise CommandError(f"balance: {text!r} is not an amount like 100.00") from None
    if (
        not amount.is_finite()
        or not 0 <= amount <= ledger.MAX_VALUE
        or amount != amount.quantize(ledger.STEP)
    ):
        raise CommandError(f"balance: {text!r} must be 0 or more, with at most five decimals")
    return amount
